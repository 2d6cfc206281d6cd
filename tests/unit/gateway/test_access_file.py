"""The access file: read again when it changes, its mistakes named and its secrets not; and when a gateway may start."""

from pathlib import Path

import pytest

from gateway.auth import access_file
from gateway.auth.access_file import Access, AccessFile, read_access
from gateway.auth.front import require_accounts
from gateway.settings import GatewaySettings
from mesh.accounts.accounts import Accounts
from mesh.clock import utc_now
from mesh.contracts import Account
from mesh.settings import Settings, SettingsError
from tests.unit.accounts_doubles import MemoryObjects
from tests.unit.gateway.guarded import MMODA, SIGNING

_SIGNING = f'[signing]\nkeys = ["{"k" * 40}"]\nsalt = "{"s" * 40}"\n'
_DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "accounts.md"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway-access.toml"
    path.write_text(_SIGNING)
    return path


def test_a_change_counts_and_a_mistake_does_not(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_file, "_LOOK_SECONDS", 0.0)
    access = AccessFile(file)
    assert access.now().anonymous
    file.write_text(f"anonymous = false\n{_SIGNING}")
    assert not access.now().anonymous
    file.write_text(f"anonymus = true\n{_SIGNING}")
    assert not access.now().anonymous
    file.unlink()
    assert not access.now().anonymous
    file.write_text(_SIGNING)
    assert access.now().anonymous


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("anonymus = true", "anonymus"),
        ('[issuers.a]\nkind = "shared-secret"\nkeys = ["hunter2"]', "issuers.a"),
        ('[issuers.a]\nkind = "openid"\nurl = "https://x.example"', "audience"),
        ('[issuers.a]\nkind = "magic"', "issuers.a"),
        ('[[rules]]\nrole = "vip"\nwindows_above = 5', "vip"),
        ('[[rules]]\nrole = "operator"', "no condition"),
        ("[rates]\nanonymous_a_minute = -1", "rates.anonymous_a_minute"),
        ("= 5", "not valid TOML"),
    ],
)
def test_a_mistake_is_named_without_its_value(file: Path, text: str, words: str) -> None:
    file.write_text(f"{text}\n{_SIGNING}")
    with pytest.raises(SettingsError, match=words) as caught:
        read_access(file)
    assert "hunter2" not in str(caught.value)
    assert "k" * 40 not in str(caught.value)


def test_two_issuers_cannot_give_one_name() -> None:
    other = MMODA.model_copy(update={"issuer": "b", "keys": ("z" * 40,)})
    with pytest.raises(ValueError, match=r"could both give names in unige\.ch"):
        Access(signing=SIGNING, issuers={"a": MMODA, "b": other})
    with pytest.raises(ValueError, match="could both give names in a"):
        Access(signing=SIGNING, issuers={"a": MMODA, "b": other.model_copy(update={"domains": ("a",)})})
    with pytest.raises(ValueError, match="every other issuer"):
        Access(signing=SIGNING, issuers={"a": MMODA, "b": other.model_copy(update={"domains": ("*",)})})
    with pytest.raises(ValueError, match="same `iss`"):
        Access(signing=SIGNING, issuers={"a": MMODA, "b": MMODA.model_copy(update={"domains": ()})})


def test_secrets_are_in_no_text_of_it() -> None:
    told = repr(Access(signing=SIGNING, issuers={"mmoda": MMODA}))
    for secret in (*SIGNING.keys, SIGNING.salt, *MMODA.keys):
        assert secret not in told


def test_what_the_page_shows_is_read(file: Path) -> None:
    blocks = [part.partition("```")[0] for part in _DOCUMENT.read_text().split("```toml\n")[1:]]
    assert len(blocks) >= 4
    for block in blocks:
        file.write_text(f"{block}\n{_SIGNING}")
        read_access(file)
    file.write_text("\n".join([*blocks, _SIGNING]))
    together = read_access(file)
    assert set(together.issuers) == {"mmoda", "unige"}
    assert len(together.rules) == 3
    defaults = Access(signing=together.signing)
    assert (together.rates, together.token_days, together.session_hours) == (
        defaults.rates,
        defaults.token_days,
        defaults.session_hours,
    )


@pytest.mark.parametrize(
    ("host", "hosts", "accounts", "asks"),
    [
        ("127.0.0.1", "", None, False),
        ("::1", "localhost", None, False),
        ("127.0.0.1", "", True, True),
        ("127.0.0.1", "mesh.example", None, True),
        ("0.0.0.0", "", None, True),  # noqa: S104  # what an operator may write
        ("192.0.2.7", "", True, True),
        ("192.0.2.7", "", False, None),
        ("127.0.0.1", "mesh.example", False, None),
    ],
)
def test_callers_are_asked_wherever_others_reach_the_gateway(
    host: str, hosts: str, accounts: bool | None, asks: bool | None
) -> None:
    settings = GatewaySettings(mesh=Settings(), host=host, hosts=hosts, accounts=accounts)
    if asks is None:
        with pytest.raises(SettingsError, match="ODAMESH_GATEWAY_ACCOUNTS is off"):
            _ = settings.asks_callers
    else:
        assert settings.asks_callers is asks


def test_a_gateway_that_knows_nobody_does_not_start_and_says_how_to_set_it_up() -> None:
    settings = GatewaySettings(mesh=Settings(), host="192.0.2.7")
    accounts = Accounts(MemoryObjects())
    nobody = Access(signing=SIGNING)
    with pytest.raises(SettingsError, match="odamesh users add NAME --role operator"):
        require_accounts(settings, nobody, accounts)
    require_accounts(settings, Access(signing=SIGNING, issuers={"mmoda": MMODA}), accounts)
    accounts.change("eve", lambda _: Account(name="eve", created=utc_now()))
    require_accounts(settings, nobody, accounts)
