import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.gis.db.models.fields
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, CreateExtension, TrigramExtension
from django.db import migrations, models

import pharmacies.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        CreateExtension("postgis"),
        BtreeGistExtension(),
        TrigramExtension(),
        migrations.CreateModel(
            name="Chain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="名称")),
            ],
            options={
                "verbose_name": "连锁企业",
                "verbose_name_plural": "连锁企业",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "用户",
                "verbose_name_plural": "用户",
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=12, verbose_name="代码")),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[("division", "行政区划"), ("zone", "功能区"), ("insurance_area", "统筹区")],
                        default="division",
                        max_length=16,
                        verbose_name="类别",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("province", "省"), ("city", "市州"), ("district", "区县")],
                        max_length=10,
                        verbose_name="级别",
                    ),
                ),
                (
                    "boundary",
                    django.contrib.gis.db.models.fields.MultiPolygonField(
                        blank=True, null=True, srid=4326, verbose_name="边界"
                    ),
                ),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="pharmacies.region",
                        verbose_name="上级",
                    ),
                ),
            ],
            options={
                "verbose_name": "地区",
                "verbose_name_plural": "地区",
            },
        ),
        migrations.CreateModel(
            name="Pharmacy",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=12, unique=True, verbose_name="机构代码")),
                (
                    "kind",
                    models.CharField(
                        choices=[("pharmacy", "零售药店"), ("hospital", "医院"), ("clinic", "基层医疗机构")],
                        max_length=10,
                        verbose_name="类别",
                    ),
                ),
                ("level", models.CharField(blank=True, max_length=20, verbose_name="等级")),
                ("name", models.CharField(max_length=120, verbose_name="名称")),
                ("initials", models.CharField(blank=True, max_length=120, verbose_name="拼音首字母")),
                ("uscc", models.CharField(blank=True, max_length=18, verbose_name="统一社会信用代码")),
                ("address", models.CharField(max_length=200, verbose_name="地址")),
                (
                    "location",
                    django.contrib.gis.db.models.fields.PointField(geography=True, srid=4326, verbose_name="位置"),
                ),
                ("source_lng", models.FloatField(verbose_name="收到的经度")),
                ("source_lat", models.FloatField(verbose_name="收到的纬度")),
                (
                    "source_datum",
                    models.CharField(
                        choices=[("wgs84", "WGS-84"), ("gcj02", "GCJ-02"), ("bd09", "BD-09")],
                        max_length=5,
                        verbose_name="收到的坐标系",
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="电话")),
                ("license_no", models.CharField(blank=True, max_length=40, verbose_name="药品经营许可证号")),
                ("license_to", models.DateField(blank=True, null=True, verbose_name="许可证有效期至")),
                ("hours", models.CharField(blank=True, max_length=200, verbose_name="营业时间")),
                (
                    "open_minutes",
                    pharmacies.fields.WeekMinutesField(blank=True, editable=False, null=True, verbose_name="营业时段"),
                ),
                (
                    "chain",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pharmacies",
                        to="pharmacies.chain",
                        verbose_name="连锁企业",
                    ),
                ),
                (
                    "division",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pharmacies.region",
                        verbose_name="所在区划",
                    ),
                ),
                (
                    "insurance_area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pharmacies.region",
                        verbose_name="统筹区",
                    ),
                ),
            ],
            options={
                "verbose_name": "药店与医疗机构",
                "verbose_name_plural": "药店与医疗机构",
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("viewer", "查看员"),
                            ("editor", "录入员"),
                            ("manager", "店长"),
                            ("head_office", "总部管理员"),
                            ("analyst", "分析员"),
                            ("officer", "经办人"),
                            ("reviewer", "审核人"),
                            ("publisher", "发布人"),
                            ("auditor", "审计员"),
                        ],
                        max_length=12,
                        verbose_name="角色",
                    ),
                ),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                (
                    "chain",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="pharmacies.chain",
                        verbose_name="连锁企业",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
                (
                    "pharmacy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="pharmacies.pharmacy",
                        verbose_name="药店",
                    ),
                ),
                (
                    "area",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="pharmacies.region",
                        verbose_name="统筹区",
                    ),
                ),
            ],
            options={
                "verbose_name": "成员资格",
                "verbose_name_plural": "成员资格",
            },
        ),
        migrations.CreateModel(
            name="Designation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("designated", "医保定点"),
                            ("dual_channel", "双通道药店"),
                            ("outpatient_pooling", "门诊统筹药店"),
                            ("chronic_disease", "门诊慢特病药店"),
                            ("cross_region", "异地结算"),
                            ("e_prescription", "电子处方"),
                            ("delivery", "送药上门"),
                            ("cold_chain", "冷链"),
                        ],
                        max_length=20,
                        verbose_name="资格",
                    ),
                ),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                (
                    "pharmacy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="designations",
                        to="pharmacies.pharmacy",
                        verbose_name="药店",
                    ),
                ),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pharmacies.region",
                        verbose_name="统筹区",
                    ),
                ),
            ],
            options={
                "verbose_name": "定点资格",
                "verbose_name_plural": "定点资格",
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("actor_name", models.CharField(max_length=150, verbose_name="操作人姓名")),
                ("action", models.CharField(max_length=60, verbose_name="操作")),
                ("subject", models.CharField(max_length=60, verbose_name="对象")),
                ("subject_id", models.CharField(max_length=60, verbose_name="对象编号")),
                ("before", models.JSONField(null=True, verbose_name="之前")),
                ("after", models.JSONField(null=True, verbose_name="之后")),
                ("reason", models.TextField(blank=True, verbose_name="理由")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
            ],
            options={
                "verbose_name": "操作日志",
                "verbose_name_plural": "操作日志",
                "indexes": [models.Index(fields=["subject", "subject_id"], name="audit_subject")],
            },
        ),
        migrations.CreateModel(
            name="PharmacyToday",
            fields=[
                (
                    "pharmacy",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="today",
                        serialize=False,
                        to="pharmacies.pharmacy",
                    ),
                ),
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=10)),
                ("status", models.CharField(max_length=10)),
                ("ranked", models.BooleanField()),
                ("designations", models.IntegerField()),
                (
                    "region_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("area_ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                (
                    "location",
                    django.contrib.gis.db.models.fields.PointField(geography=True, spatial_index=False, srid=4326),
                ),
                ("open_minutes", pharmacies.fields.WeekMinutesField(null=True)),
            ],
            options={
                "verbose_name": "药店今日",
                "verbose_name_plural": "药店今日",
                "indexes": [
                    django.contrib.postgres.indexes.GistIndex(fields=["location"], name="pharmacytoday_location"),
                    django.contrib.postgres.indexes.GistIndex(
                        models.Func(models.F("location"), template="(%(expressions)s::geometry)"),
                        name="pharmacytoday_geometry",
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["region_ids"], name="pharmacytoday_regions"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PharmacyAlias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("store_no", models.CharField(max_length=40, verbose_name="门店编号")),
                (
                    "chain",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="pharmacies.chain",
                        verbose_name="连锁企业",
                    ),
                ),
                (
                    "pharmacy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="pharmacies.pharmacy",
                        verbose_name="药店",
                    ),
                ),
            ],
            options={
                "verbose_name": "门店编号",
                "verbose_name_plural": "门店编号",
                "constraints": [models.UniqueConstraint(fields=("chain", "store_no"), name="store_no_once_in_a_chain")],
            },
        ),
        migrations.CreateModel(
            name="PharmacyStatus",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[("normal", "正常"), ("suspended", "已暂停医保结算"), ("terminated", "已解除协议")],
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("valid", pharmacies.fields.ValidField(verbose_name="有效期")),
                (
                    "pharmacy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="statuses",
                        to="pharmacies.pharmacy",
                        verbose_name="药店",
                    ),
                ),
            ],
            options={
                "verbose_name": "状态",
                "verbose_name_plural": "状态",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[(models.F("pharmacy"), "="), (models.F("valid"), "&&")],
                        name="pharmacy_one_status_at_a_time",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="region",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[(models.F("code"), "="), (models.F("valid"), "&&")], name="region_code_once_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="region",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("level", "province"), ("parent__isnull", True)),
                    models.Q(models.Q(("level", "province"), _negated=True), ("parent__isnull", False)),
                    _connector="OR",
                ),
                name="region_only_a_province_has_no_parent",
            ),
        ),
        migrations.AddConstraint(
            model_name="region",
            constraint=models.CheckConstraint(
                condition=models.Q(("parent", models.F("id")), _negated=True), name="region_not_its_own_parent"
            ),
        ),
        migrations.AddIndex(
            model_name="pharmacy",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["name"], name="pharmacy_name_trgm", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="pharmacy",
            index=models.Index(fields=["chain"], name="pharmacy_chain"),
        ),
        migrations.AddConstraint(
            model_name="pharmacy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code__regex", "^P\\d{11}$"), ("kind", "pharmacy")),
                    models.Q(("code__regex", "^H\\d{11}$"), ("kind__in", ["hospital", "clinic"])),
                    _connector="OR",
                ),
                name="pharmacy_code_fits_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="pharmacy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hours", ""), ("open_minutes__isnull", True)),
                    models.Q(models.Q(("hours", ""), _negated=True), ("open_minutes__isnull", False)),
                    _connector="OR",
                ),
                name="pharmacy_hours_and_minutes_together",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("area__isnull", True), ("chain__isnull", True), ("pharmacy__isnull", False)),
                    models.Q(("area__isnull", True), ("chain__isnull", False), ("pharmacy__isnull", True)),
                    models.Q(("area__isnull", False), ("chain__isnull", True), ("pharmacy__isnull", True)),
                    _connector="OR",
                ),
                name="membership_for_exactly_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role", "viewer"),
                    models.Q(("area__isnull", True), ("role__in", ["editor", "manager"])),
                    models.Q(("chain__isnull", False), ("role", "head_office")),
                    models.Q(
                        ("area__isnull", False),
                        ("role__in", ["analyst", "officer", "reviewer", "publisher", "auditor"]),
                    ),
                    _connector="OR",
                ),
                name="membership_role_fits_its_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("pharmacy__isnull", False)),
                expressions=[
                    (models.F("user"), "="),
                    (models.F("pharmacy"), "="),
                    (models.F("role"), "="),
                    (models.F("valid"), "&&"),
                ],
                name="membership_once_per_pharmacy",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("chain__isnull", False)),
                expressions=[
                    (models.F("user"), "="),
                    (models.F("chain"), "="),
                    (models.F("role"), "="),
                    (models.F("valid"), "&&"),
                ],
                name="membership_once_per_chain",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("area__isnull", False)),
                expressions=[
                    (models.F("user"), "="),
                    (models.F("area"), "="),
                    (models.F("role"), "="),
                    (models.F("valid"), "&&"),
                ],
                name="membership_once_per_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="designation",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[(models.F("pharmacy"), "="), (models.F("kind"), "="), (models.F("valid"), "&&")],
                name="designation_once_at_a_time",
            ),
        ),
    ]
