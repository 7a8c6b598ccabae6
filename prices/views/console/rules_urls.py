from django.urls import path

from prices.views.console import backtests, rules, thresholds

urlpatterns = [
    path("console/<str:adcode>/rules", rules.all_rules, name="console-rules"),
    path("console/<str:adcode>/rules/<str:detector>", rules.rule, name="console-rule"),
    path("console/<str:adcode>/thresholds", thresholds.all_thresholds, name="console-thresholds"),
    path("console/<str:adcode>/backtests", backtests.all_back_tests, name="console-backtests"),
    path("console/<str:adcode>/backtests/<int:pk>", backtests.back_test, name="console-backtest"),
]
