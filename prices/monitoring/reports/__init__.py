"""市民反馈: sent by anybody, grouped, answered by officials, followed with a code; nobody is asked who they are."""
