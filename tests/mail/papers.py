"""Electronic invoices and notices of the exchange as tests need them, signed too."""

import base64
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from io import BytesIO

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.mail.providers import Identity, identity

_MESSAGES = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fattura/messaggi/v1.0"
_INVOICES = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"
NAME = "IT01234567890_00042"
ROOTS = {
    "RC": "RicevutaConsegna",
    "NS": "NotificaScarto",
    "MC": "RicevutaImpossibilitaRecapito",
    "NE": "NotificaEsito",
    "MT": "FileMetadati",
    "AT": "AttestazioneTrasmissioneFattura",
    "DT": "NotificaDecorrenzaTermini",
    "EC": "NotificaEsitoCommittente",
    "SE": "ScartoEsitoCommittente",
}


@dataclass(frozen=True)
class Written:
    """What an invoice says."""

    number: str = "42/A"
    day: str = "2026-03-04"
    seller: str = "01234567890"
    buyer: str = "09876543210"
    total: str = "122.00"
    order: str = ""
    order_day: str = ""
    description: str = "Pompa"


def invoice(said: Written, prefix: str = "p:") -> bytes:
    order = f"<IdDocumento>{said.order}</IdDocumento>" if said.order else ""
    day = f"<Data>{said.order_day}</Data>" if said.order_day else ""
    order = f"<DatiOrdineAcquisto>{order}{day}</DatiOrdineAcquisto>" if order else ""
    space = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{prefix}FatturaElettronica {space}="{_INVOICES}" versione="FPR12"><FatturaElettronicaHeader>
{_party("CedentePrestatore", said.seller, "Rossi Srl")}
{_party("CessionarioCommittente", said.buyer, "Bianchi Spa")}
</FatturaElettronicaHeader><FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento>
<TipoDocumento>TD01</TipoDocumento><Divisa>EUR</Divisa><Data>{said.day}</Data>
<Numero>{said.number}</Numero><ImportoTotaleDocumento>{said.total}</ImportoTotaleDocumento>
<Causale>Vendita</Causale></DatiGeneraliDocumento>{order}
<DatiDDT><NumeroDDT>7</NumeroDDT><DataDDT>2026-03-01</DataDDT></DatiDDT></DatiGenerali>
<DatiBeniServizi><DettaglioLinee><NumeroLinea>1</NumeroLinea>
<Descrizione>{said.description}</Descrizione><Quantita>2.00000</Quantita>
<UnitaMisura>NR</UnitaMisura><PrezzoUnitario>50.00000</PrezzoUnitario>
<PrezzoTotale>100.00</PrezzoTotale><AliquotaIVA>22.00</AliquotaIVA></DettaglioLinee>
<DatiRiepilogo><AliquotaIVA>22.00</AliquotaIVA><ImponibileImporto>100.00</ImponibileImporto>
<Imposta>22.00</Imposta></DatiRiepilogo></DatiBeniServizi><DatiPagamento><DettaglioPagamento>
<ModalitaPagamento>MP05</ModalitaPagamento>
<DataScadenzaPagamento>2026-04-30</DataScadenzaPagamento>
<ImportoPagamento>{said.total}</ImportoPagamento><IBAN>IT60X0542811101000000123456</IBAN>
</DettaglioPagamento></DatiPagamento></FatturaElettronicaBody></{prefix}FatturaElettronica>
""".encode()


def _party(role: str, vat: str, name: str) -> str:
    return (
        f"<{role}><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>{vat}</IdCodice>"
        f"</IdFiscaleIVA><Anagrafica><Denominazione>{name}</Denominazione></Anagrafica>"
        "</DatiAnagrafici><Sede><Indirizzo>Via Roma</Indirizzo><NumeroCivico>1</NumeroCivico>"
        f"<CAP>40100</CAP><Comune>Bologna</Comune><Provincia>BO</Provincia></Sede></{role}>"
    )


def notice(kind: str, file: str = f"{NAME}.xml.p7m", more: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><types:{ROOTS[kind]} xmlns:types="{_MESSAGES}" versione="1.0">'
        f"<IdentificativoSdI>2751234567</IdentificativoSdI><NomeFile>{file}</NomeFile>"
        f"<DataOraRicezione>2026-03-04T10:00:00.000+01:00</DataOraRicezione>{more}"
        f"</types:{ROOTS[kind]}>"
    ).encode()


def enveloped(content: bytes, by: Identity | None = None) -> bytes:
    """CAdES as near as it matters: signed, with what is signed in it."""
    certificate, key = by or identity()
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(certificate, key, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def in_base64(content: bytes) -> bytes:
    return base64.encodebytes(content)


def zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return target.getvalue()


def letter(*files: tuple[str, bytes], sender: str = "anna@client.example") -> bytes:
    """A letter with these files."""
    message = EmailMessage()
    message["From"], message["To"] = sender, "vendite@rossi.it"
    message["Subject"], message["Message-ID"] = "Documento", f"<{len(files)}.{sender}>"
    message["Date"] = "Wed, 04 Mar 2026 10:00:00 +0100"
    message.set_content("in allegato\n")
    for name, content in files:
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()
