from django.db import migrations

from pharmacies import grants


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial"), ("pharmacies", "0002_grants_and_audit_guard")]

    operations = [
        migrations.RunPython(
            grants.searched(
                catalog_alias="*",
                catalog_drug="*",
                catalog_druglist="*",
                catalog_druglistentry="*",
                catalog_edition="*",
                catalog_listing="*",
                catalog_listingmatch="*",
                catalog_paymentstandard="*",
                catalog_preparation="*",
                catalog_referenceprice="*",
                catalog_scheme="*",
            ),
            migrations.RunPython.noop,
        ),
    ]
