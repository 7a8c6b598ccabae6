"""Salts, acids and hydrates in registered names. The catalogue prints most names without them (凡例 (七)).

Only what is left after taking one away, and equals a printed name exactly, is ever compared; so a word too many here does
no harm unless it turns one substance of the catalogue into another. 复方, 小儿, 左, 右, 消旋, 重组 are no salts: they
make another drug and are in none of these lists.
"""

ACIDS = (
    *(
        "盐酸",
        "硫酸氢",
        "硫酸",
        "磷酸",
        "硝酸",
        "醋酸",
        "乙酸",
        "枸橼酸",
        "重酒石酸",
        "酒石酸",
        "马来酸",
        "富马酸",
        "琥珀酸",
    ),
    *(
        "草酸",
        "苹果酸",
        "乳酸",
        "乳糖酸",
        "苯磺酸",
        "对甲苯磺酸",
        "甲苯磺酸",
        "甲磺酸",
        "乙磺酸",
        "羟乙磺酸",
        "氢溴酸",
        "氢碘酸",
    ),
    *(
        "葡萄糖酸",
        "双羟萘酸",
        "门冬氨酸",
        "精氨酸",
        "牛磺酸",
        "水杨酸",
        "苯甲酸",
        "碳酸",
        "三氟乙酸",
        "丁二酸",
        "己二酸",
        "二盐酸",
    ),
    *("半富马酸", "丁二磺酸", "对甲苯磺酸丁二磺酸", "龙胆酸", "茶氯酸", "黏液酸", "萘磺酸", "棕榈酸"),
)
"""Before the substance: 苯磺酸 氨氯地平."""

ESTERS = ("丙酸", "糠酸", "戊酸", "二丙酸", "双丙酸", "新戊酸")
"""Acids of esters before the substance, as registered names of steroids have them: 丙酸 氟替卡松."""

BASES = (
    *("三钠", "二钠", "单钠", "半钠", "钠", "二钾", "钾", "半钙", "钙", "镁", "锌", "铝", "锂", "铵", "二铵"),
    *("葡甲胺", "双葡甲胺", "氨丁三醇", "叔丁胺", "精氨酸", "赖氨酸", "二乙胺", "双胆碱", "乙醇胺", "二乙醇胺", "苄星"),
    *("磷酸钠", "磷酸二钠", "琥珀酸钠", "丁二酸钠"),
    *("盐酸盐", "硫酸盐", "马来酸盐", "甲磺酸盐"),
)
"""After the substance: 双氯芬酸 钠, 培哚普利 叔丁胺, 氢化可的松 琥珀酸钠."""

HYDRATES = ("半水合", "一水合", "二水合", "三水合", "水合", "无水", "一水", "二水", "三水")
"""Before the substance: 半水合 雌二醇."""

KEEP = frozenset(
    # Substances whose name only looks like a salt of another substance of the catalogue.
    ("硝酸甘油", "甘油磷酸钠", "水合氯醛", "单硝酸异山梨酯", "硝酸异山梨酯", "氯化钠", "碳酸氢钠")
)
