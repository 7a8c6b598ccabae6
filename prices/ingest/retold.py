"""What a worker wrote about a delivery, in the language of who reads it.

Workers write Chinese sentences and have nobody's language; a page or an answer retells them. The sentences are the ones
below (a test finds them all where workers write); what somebody else wrote stays as it is.
"""

import re
from functools import cache

from django.utils.translation import gettext, gettext_noop

SENTENCES = (
    # stage: why a delivery waits for a person
    gettext_noop("%(refused)d/%(rows)d 行被退回，超过 %(limit)d%%"),
    gettext_noop("%(moved)d/%(compared)d 个价格变动超过 %(move)d%%，疑似单位或列有误"),
    gettext_noop("将下架 %(gone)d/%(live)d 个价格，超过此报送的 %(limit)d%%，疑似文件不全"),
    gettext_noop("%(shops)d 家药店将下架超过 %(limit)d%% 的价格，疑似文件不全"),
    # read, and the files below it: what is left out, and why a whole file cannot be read
    gettext_noop("已忽略不认识的列：%(names)s"),
    gettext_noop("缺少列 %(missing)s：表头应写 pharmacy_code,drug_code,price，或先为此报送设置列对照"),
    gettext_noop("两列都是 %(our)s（%(a)s、%(b)s）：请只保留一列"),
    gettext_noop("有 %(columns)d 列，最多 %(limit)d 列：请检查分隔符和表头"),
    gettext_noop("有 %(columns)d 列，最多 %(limit)d 列：请只保留需要的列"),
    gettext_noop("表头有重复的列：%(names)s。请删去多余的列"),
    gettext_noop("表头有 %(n)d 个字，太长了：请检查分隔符和换行"),
    gettext_noop("第 %(line)d 行无法读取（%(error)s）：请另存为 CSV 再报"),
    gettext_noop("第 %(line)d 行无法读取（%(error)s）：请另存为 XLSX 再上传"),
    gettext_noop("第 %(line)d 行既不是 UTF-8 也不是 GB18030 编码：请用“另存为 CSV UTF-8”重新保存后再报"),
    gettext_noop("第 %(line)d 行含有空字节，不是文本文件：请另存为“CSV UTF-8（逗号分隔）”后再报"),
    gettext_noop("文件标明是 UTF-8，但第 %(line)d 行不是：请用同一种编码重新保存"),
    gettext_noop("文件在第 %(line)d 行中途断了：请重新导出完整的文件"),
    gettext_noop("文件混用了两种编码：第 %(utf8)d 行是 UTF-8，第 %(other)d 行不是；请用同一种编码重新保存"),
    gettext_noop("文件格式是 %(format)s，不是 CSV：请另存为“CSV UTF-8（逗号分隔）”后再报"),
    # desk.unusual, in the preview of a spreadsheet: what to look at before a price is published
    gettext_noop("是您上次价格的 %(times)s"),
    gettext_noop("是其他药店中间价的 %(times)s"),
    gettext_noop("像是一%(unit)s的价格"),
    gettext_noop("像是按%(unit)s数乘过的价格"),
    gettext_noop("高于%(place)s %(share)d%% 的药店"),
    gettext_noop("高于国谈药支付标准 %(amount)s 元"),
    gettext_noop("高于医保支付标准 %(amount)s 元"),
)
PARTS = (gettext_noop("%(n)s 倍"), gettext_noop("%(n)s%%"))
"""What stands in a sentence and is made of words itself; never a sentence of its own."""
OF_WORDS = {"times", "unit", "place", "format"}
"""Places of sentences that hold our own words, to be retold as well; what stands in others came from the sender."""
PLACE = re.compile(r"%\((\w+)\)([ds])")


def retold(text: str) -> str:
    """One sentence of a delivery (`notes`, `error`) in the active language."""
    if not text:
        return ""  # gettext would answer with the catalogue's own header
    if (told := gettext(text)) != text:
        return told
    return _filled(text, SENTENCES)


def _filled(text: str, sentences: tuple[str, ...]) -> str:
    """The one of `sentences` that `text` is, in the active language, with what is filled in; else `text`."""
    for sentence in sentences:
        if found := _pattern(sentence).fullmatch(text):
            kinds = dict(PLACE.findall(sentence))
            return gettext(sentence) % {
                name: _value(name, kinds[name], said) for name, said in found.groupdict().items()
            }
    return text


def _value(name: str, kind: str, said: str) -> int | str:
    if kind == "d":
        return int(said)
    return _filled(gettext(said), PARTS) if said and name in OF_WORDS else said


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """What the sentence looks like once it is filled in."""
    parts = PLACE.split(sentence)
    said = [re.escape(parts[0].replace("%%", "%"))]
    for name, kind, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        said.append(rf"(?P<{name}>{r'-?[0-9]+' if kind == 'd' else '.*'})")
        said.append(re.escape(after.replace("%%", "%")))
    return re.compile("".join(said), re.DOTALL)
