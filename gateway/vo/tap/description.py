"""What the service of tables says of itself: capabilities (TAPRegExt 1.0) and tables (VOSI 1.1)."""

from vo_models.tapregext.models import (
    DataLimit,
    DataLimits,
    DataModelType,
    Language,
    LanguageFeature,
    LanguageFeatureList,
    OutputFormat,
    TableAccess,
    TimeLimits,
    UploadMethod,
    Version,
)
from vo_models.vodataservice import Table as VosiTable
from vo_models.vodataservice import TableSchema
from vo_models.vodataservice.models import DataType, FKColumn, ForeignKey, TableParam
from vo_models.voresource.models import Capability
from vo_models.vosi.tables.models import VOSITableSet

from gateway.vo import vosi, votable
from gateway.vo.tap.database import SECONDS
from gateway.vo.tap.geometry import FUNCTIONS
from gateway.vo.tap.query import DEFAULT_ROWS, MOST_ROWS
from gateway.vo.tap.tables import KEYS, OBSCORE_MODEL, SCHEMAS, TABLES, Table, is_principal
from gateway.vo.tap.uploads import MOST_ROWS as MOST_UPLOADED_ROWS
from gateway.vo.votable import Column

_GEOMETRY = [LanguageFeature(form=form.upper()) for form in FUNCTIONS]
_FEATURES = "ivo://ivoa.net/std/TAPRegExt#features-adqlgeo"
_HOUR_S = 3600


def capabilities_of(base: str) -> list[Capability]:
    """Return the capabilities of the service at an address."""
    access = TableAccess(
        interface=[vosi.interface(base, version="1.1", use="base")],
        data_model=[DataModelType(value="ObsCore-1.1", ivo_id=OBSCORE_MODEL)],
        language=[
            Language(
                name="ADQL",
                version=[
                    Version(value="2.0", ivo_id="ivo://ivoa.net/std/ADQL#v2.0"),
                    Version(value="2.1", ivo_id="ivo://ivoa.net/std/ADQL#v2.1"),
                ],
                description="One SELECT, without WITH; of the shapes points, circles and polygons",
                language_features=[LanguageFeatureList(type=_FEATURES, feature=_GEOMETRY)],
            )
        ],
        output_format=[
            OutputFormat(mime=votable.MEDIA_TYPE, alias=["votable"]),
            OutputFormat(
                mime=f"{votable.MEDIA_TYPE};serialization=tabledata",
                alias=["votable/td"],
                ivo_id="ivo://ivoa.net/std/TAPRegExt#output-votable-td",
            ),
        ],
        upload_method=[
            UploadMethod(ivo_id=f"ivo://ivoa.net/std/TAPRegExt#upload-{way}") for way in ("inline", "http", "https")
        ],
        retention_period=TimeLimits(default=_HOUR_S, hard=24 * _HOUR_S),
        execution_duration=TimeLimits(default=int(SECONDS), hard=int(SECONDS)),
        output_limit=DataLimits(
            default=DataLimit(value=DEFAULT_ROWS, unit="row"), hard=DataLimit(value=MOST_ROWS, unit="row")
        ),
        upload_limit=DataLimits(hard=DataLimit(value=MOST_UPLOADED_ROWS, unit="row")),
    )
    tables = vosi.capability("ivo://ivoa.net/std/VOSI#tables-1.1", f"{base}/tables", version="1.1")
    return [*vosi.own_capabilities(base), tables, access]


def tables_document() -> bytes:
    """Return the description of all tables."""
    schemas = [
        TableSchema(
            schema_name=name,
            description=description,
            table=[_table(table) for table in TABLES if table.schema == name],
        )
        for name, description in SCHEMAS.items()
    ]
    return vosi.written(VOSITableSet(tableset_schema=schemas))


def _table(table: Table) -> VosiTable:
    return VosiTable(
        table_name=table.name,
        description=table.description,
        utype=table.utype or None,
        column=[_column(column) for column in table.columns],
        foreign_key=[
            ForeignKey(target_table=key.target, fk_column=[FKColumn(from_column=key.column, target_column=key.other)])
            for key in KEYS
            if key.table == table.name
        ],
    )


def _column(column: Column) -> TableParam:
    flags = ["principal", "std"] if is_principal(column) else ["std"]
    return TableParam(
        column_name=column.name,
        description=column.description or None,
        unit=column.unit or None,
        ucd=column.ucd or None,
        utype=column.utype or None,
        datatype=DataType(value=column.datatype, arraysize=column.arraysize or None),
        flag=flags,
    )
