"""The tables of TAP and their columns: ObsCore 1.1 (REC-ObsCore-v1.1, table 5), and TAP_SCHEMA, which tells of both."""

from typing import NamedTuple

from gateway.vo.votable import Column, text_column

OBSCORE = "ivoa.obscore"
OBSCORE_UTYPE = "ivo://ivoa.net/std/ObsCore#table-1.1"
OBSCORE_MODEL = "ivo://ivoa.net/std/ObsCore#core-1.1"


class Table(NamedTuple):
    """A table."""

    name: str
    description: str
    columns: tuple[Column, ...]
    utype: str = ""

    @property
    def schema(self) -> str:
        """Its schema."""
        return self.name.partition(".")[0]


def _char(name: str, axis: str, ucd: str, description: str, *, unit: str = "", kind: str = "double") -> Column:
    return Column(name, kind, unit=unit, ucd=ucd, utype=f"obscore:Char.{axis}", description=description)


def _text(name: str, utype: str, ucd: str, description: str, *, xtype: str = "") -> Column:
    return text_column(name, utype=f"obscore:{utype}", ucd=ucd, description=description, xtype=xtype)


_SPACE, _TIME, _ENERGY = "SpatialAxis", "TimeAxis", "SpectralAxis"
_SPACE_BINS = "bins of its axis; not counted here"

OBSERVATIONS = Table(
    OBSCORE,
    "What jobs made, a row for each file: those of the caller, for operators those of everybody.",
    (
        _text(
            "dataproduct_type", "ObsDataset.dataProductType", "meta.code.class", "image, spectrum, timeseries or event"
        ),
        Column(
            "calib_level",
            "int",
            ucd="meta.code;obs.calib",
            utype="obscore:ObsDataset.calibLevel",
            description="3: made of calibrated data",
        ),
        _text("obs_collection", "DataID.collection", "meta.id", "mission"),
        _text("obs_id", "DataID.observationID", "meta.id", "job"),
        _text("obs_publisher_did", "Curation.publisherDID", "meta.ref.ivoid", "identifier of the file"),
        _text("access_url", "Access.reference", "meta.ref.url", "where the file is"),
        _text("access_format", "Access.format", "meta.code.mime", "its media type"),
        Column(
            "access_estsize",
            "long",
            unit="kbyte",
            ucd="phys.size;meta.file",
            utype="obscore:Access.size",
            description="its size",
        ),
        _text("target_name", "Target.name", "meta.id;src", "what the job calls itself"),
        _char(
            "s_ra", f"{_SPACE}.Coverage.Location.Coord.Position2D.Value2.C1", "pos.eq.ra", "centre, ICRS", unit="deg"
        ),
        _char(
            "s_dec",
            f"{_SPACE}.Coverage.Location.Coord.Position2D.Value2.C2",
            "pos.eq.dec",
            "its declination",
            unit="deg",
        ),
        _char(
            "s_fov",
            f"{_SPACE}.Coverage.Bounds.Extent.diameter",
            "phys.angSize;instr.fov",
            "diameter of the region",
            unit="deg",
        ),
        _text(
            "s_region",
            "Char.SpatialAxis.Coverage.Support.Area",
            "pos.outline;obs.field",
            "circle around what was seen",
            xtype="adql:REGION",
        ),
        _char("s_resolution", f"{_SPACE}.Resolution.Refval.value", "pos.angResolution", "resolution", unit="arcsec"),
        _char("s_xel1", f"{_SPACE}.numBins1", "meta.number", _SPACE_BINS, kind="long"),
        _char("s_xel2", f"{_SPACE}.numBins2", "meta.number", _SPACE_BINS, kind="long"),
        _char(
            "t_min",
            f"{_TIME}.Coverage.Bounds.Limits.StartTime",
            "time.start;obs.exposure",
            "begin, MJD (UTC)",
            unit="d",
        ),
        _char("t_max", f"{_TIME}.Coverage.Bounds.Limits.StopTime", "time.end;obs.exposure", "end, MJD (UTC)", unit="d"),
        _char(
            "t_exptime",
            f"{_TIME}.Coverage.Support.Extent",
            "time.duration;obs.exposure",
            "time of all windows",
            unit="s",
        ),
        _char("t_resolution", f"{_TIME}.Resolution.Refval.value", "time.resolution", "bin of a light curve", unit="s"),
        _char("t_xel", f"{_TIME}.numBins", "meta.number", "bins; not counted here", kind="long"),
        _char("em_min", f"{_ENERGY}.Coverage.Bounds.Limits.LoLimit", "em.wl;stat.min", "shortest wavelength", unit="m"),
        _char("em_max", f"{_ENERGY}.Coverage.Bounds.Limits.HiLimit", "em.wl;stat.max", "longest wavelength", unit="m"),
        _char(
            "em_res_power",
            f"{_ENERGY}.Resolution.ResolPower.refVal",
            "spect.resolution",
            "resolving power; not told here",
        ),
        _char("em_xel", f"{_ENERGY}.numBins", "meta.number", "energy bands", kind="long"),
        _text("o_ucd", "Char.ObservableAxis.ucd", "meta.ucd", "what was measured"),
        _text("pol_states", "Char.PolarizationAxis.stateList", "meta.code;phys.polarization", "none"),
        _char("pol_xel", "PolarizationAxis.numBins", "meta.number", "none", kind="long"),
        _text("facility_name", "Provenance.ObsConfig.Facility.name", "meta.id;instr.tel", "mission"),
        _text("instrument_name", "Provenance.ObsConfig.Instrument.name", "meta.id;instr", "instrument"),
        _text(
            "dataproduct_subtype",
            "ObsDataset.dataProductSubtype",
            "meta.code.class",
            "product of the mesh, e.g. isgri_image",
        ),
        _text("obs_title", "DataID.title", "meta.title;obs", "product and file in words"),
        _text("obs_creation_date", "DataID.date", "time;meta.dataset", "when the job ended", xtype="timestamp"),
    ),
    OBSCORE_UTYPE,
)


def _schema_table(name: str, description: str, *columns: tuple[str, str]) -> Table:
    made = (
        Column(one, kind, "*" if kind == "char" else "", description=one.replace("_", " ")) for one, kind in columns
    )
    return Table(f"tap_schema.{name}", description, tuple(made))


SCHEMA_TABLES = (
    _schema_table(
        "schemas",
        "schemas of this service",
        ("schema_name", "char"),
        ("utype", "char"),
        ("description", "char"),
        ("schema_index", "int"),
    ),
    _schema_table(
        "tables",
        "tables of this service",
        ("schema_name", "char"),
        ("table_name", "char"),
        ("table_type", "char"),
        ("utype", "char"),
        ("description", "char"),
        ("table_index", "int"),
    ),
    _schema_table(
        "columns",
        "columns of these tables",
        ("table_name", "char"),
        ("column_name", "char"),
        ("datatype", "char"),
        ("arraysize", "char"),
        ("xtype", "char"),
        ("size", "int"),
        ("description", "char"),
        ("utype", "char"),
        ("unit", "char"),
        ("ucd", "char"),
        ("indexed", "int"),
        ("principal", "int"),
        ("std", "int"),
        ("column_index", "int"),
    ),
    _schema_table(
        "keys",
        "how tables are joined",
        ("key_id", "char"),
        ("from_table", "char"),
        ("target_table", "char"),
        ("description", "char"),
        ("utype", "char"),
    ),
    _schema_table(
        "key_columns", "columns of these keys", ("key_id", "char"), ("from_column", "char"), ("target_column", "char")
    ),
)
TABLES = (OBSERVATIONS, *SCHEMA_TABLES)
SCHEMAS = {"ivoa": "Tables that the IVOA defines.", "tap_schema": "Tables that tell of all tables."}
_PRINCIPAL = frozenset(
    {"obs_id", "access_url", "s_ra", "s_dec", "t_min", "t_max", "em_min", "em_max", "dataproduct_type"}
)


class Key(NamedTuple):
    """How a table is joined to another."""

    name: str
    table: str
    column: str
    target: str
    other: str
    """Column of the target."""


KEYS = tuple(
    Key(f"key{number}", f"tap_schema.{table}", column, f"tap_schema.{target}", other)
    for number, (table, column, target, other) in enumerate(
        (
            ("tables", "schema_name", "schemas", "schema_name"),
            ("columns", "table_name", "tables", "table_name"),
            ("keys", "from_table", "tables", "table_name"),
            ("keys", "target_table", "tables", "table_name"),
            ("key_columns", "key_id", "keys", "key_id"),
        ),
        1,
    )
)


def is_principal(column: Column) -> bool:
    """Say whether a column is one of those that matter most."""
    return column.name in _PRINCIPAL


def schema_rows() -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of TAP_SCHEMA, by table."""
    tables: list[tuple[object, ...]] = [
        (table.schema, table.name, "table", table.utype or None, table.description, number)
        for number, table in enumerate(TABLES, 1)
    ]
    columns: list[tuple[object, ...]] = [
        (
            *(table.name, _quoted(column.name), column.datatype, column.arraysize or None, column.xtype or None),
            *(None, column.description, column.utype or None, column.unit or None, column.ucd or None),
            *(0, int(is_principal(column)), 1, number),
        )
        for table in TABLES
        for number, column in enumerate(table.columns, 1)
    ]
    return {
        "tap_schema.schemas": [(name, None, text, number) for number, (name, text) in enumerate(SCHEMAS.items(), 1)],
        "tap_schema.tables": tables,
        "tap_schema.columns": columns,
        "tap_schema.keys": [(key.name, key.table, key.target, None, None) for key in KEYS],
        "tap_schema.key_columns": [(key.name, key.column, key.other) for key in KEYS],
    }


def _quoted(name: str) -> str:
    """Return a column as a query has to write it: ``size`` is a word of ADQL."""
    return f'"{name}"' if name == "size" else name
