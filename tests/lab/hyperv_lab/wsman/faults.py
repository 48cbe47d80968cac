# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of WS-Management as WinRM words them: codes and texts of wsmerror.h, subcodes of DSP0226 and [MS-WSMV]."""

from __future__ import annotations

from dataclasses import dataclass

from ..cim.provider import CimError

_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
_CANNOT = "The WS-Management service cannot process the request. "
_RESOURCE_NOT_FOUND = _CANNOT + "The service cannot find the resource identified by the resource URI and selectors. "
_FILTER = (
    "The data source could not process the filter. The filter might be missing or it might be invalid. "
    "Change the filter and try the request again.  "
)


@dataclass(frozen=True)
class ExtendedStatus:
    """``__ExtendedStatus`` of WMI, where the provider gives one."""

    namespace: str
    operation: str
    parameter_info: str | None = None
    provider: str | None = "WinMgmt"


@dataclass(frozen=True)
class ProviderFault:
    """What the WMI plug-in adds: its own message and, mostly, an extended status."""

    message: str
    extended: ExtendedStatus | None = None
    code: int | None = None  # None: that of the fault


class WsmanFault(Exception):
    """A fault on its way to the client. ``message`` None: the reason serves for both."""

    def __init__(
        self,
        subcode: str,
        code: int,
        reason: str,
        *,
        message: str | None = None,
        detail: str | None = None,
        provider: ProviderFault | None = None,
        receiver: bool = False,
        translated: bool = True,
        hresult: int | None = None,
    ) -> None:
        """``hresult``: the number of WMI for which WinRM has no fault of its own."""
        super().__init__(f"{subcode or 'fault'} {code}: {reason}")
        self.subcode = subcode
        self.code = code
        self.reason = reason
        self.message = reason if message is None else message
        self.detail = f"{_DETAIL}{detail}" if detail else None
        self.provider = provider
        self.receiver = receiver
        self.translated = translated
        self.hresult = hresult


@dataclass(frozen=True)
class FaultKind:
    """One row of the table: a fault as it is before it learns what it is about."""

    subcode: str
    code: int
    reason: str
    detail: str | None = None
    receiver: bool = False
    translated: bool = True

    def fault(self, *, message: str | None = None, provider: ProviderFault | None = None, detail: str | None = None) -> WsmanFault:
        return WsmanFault(
            self.subcode,
            self.code,
            self.reason,
            message=message,
            detail=detail or self.detail,
            provider=provider,
            receiver=self.receiver,
            translated=self.translated,
        )


# ERROR_WSMAN_QUOTA_MAX_SHELLS (wsmerror.h): MaxShellsPerUser is 30 unless somebody has raised it.
TOO_MANY_SHELLS = FaultKind(
    "w:QuotaLimit",
    2150859173,
    f"{_CANNOT}This user is allowed a maximum number of 30 concurrent shells, which has been exceeded. Close existing shells or raise the "
    "quota for this user. ",
)

_HEADER_REASON = _CANNOT + "The request contains one or more invalid SOAP headers. "
_MISSING_REASON = _CANNOT + "The request does not have all the expected SOAP headers. "

# Envelope and headers.
VERSION_MISMATCH = FaultKind("", 2150858765, "The WS-Management service does not support the SOAP version specified in the request. ")
INVALID_XML = FaultKind(
    "w:SchemaValidationError", 2150858819, "The WS-Management service cannot process the request because the XML is invalid. "
)
INVALID_BODY = FaultKind(
    "w:InvalidBody",
    2150858791,
    "The WS-Management service cannot process the request because the request packet does not have a valid SOAP body. ",
)
INVALID_HEADER = FaultKind("a:InvalidMessageInformationHeader", 2150858767, _HEADER_REASON)
MISSING_HEADER = FaultKind("a:MessageInformationHeaderRequired", 2150858769, _MISSING_REASON)
MUST_UNDERSTAND = FaultKind(
    "",
    2150858768,
    "The WS-Management service cannot process a SOAP header in the request that is marked as mustUnderstand by the client. This could be "
    "caused by the use of a version of the protocol which is not supported, or may be an incompatibility between the client and server "
    "implementations. ",
)
ADDRESSING_MODE = FaultKind(
    "w:UnsupportedFeature", 2150858870, "The WS-Management service does not support the addressing mode. ", detail="AddressingMode"
)
LOCALE_MUST_UNDERSTAND = FaultKind(
    "w:UnsupportedFeature",
    2150858887,
    "The WS-Management service cannot guarantee that all data is returned in the requested locale as some data sources may not be able to "
    'comply. Resend the remote request with locale as a hint (the SOAP header should have mustUnderstand="false") ',
    detail="Locale",
)
ENVELOPE_TOO_SMALL = FaultKind(
    "w:EncodingLimit",
    2150858805,
    "The WS-Management service cannot process the request because the encoding of the request exceeds an internal encoding limit. "
    "Reconfigure the client to send messages which fit the encoding limits of the service. ",
    detail="MinimumEnvelopeLimit",
)
ANSWER_TOO_LARGE = FaultKind(
    "w:EncodingLimit",
    2150858824,
    "The response that the WS-Management service computed exceeds the maximum envelope size in the request. ",
    detail="MaxEnvelopeSizeExceeded",
)
INVALID_OPTIONS = FaultKind(
    "w:InvalidOptions",
    2150858809,
    "The WS-Management service cannot process the request because one or more options are not valid. The option names or values may not be "
    "valid or they are used in incorrect combinations. Retrieve the catalog entry for the resource and determine how to correct the invalid "
    "option values. ",
)

# Resource, action, selectors.
INVALID_URI = FaultKind(
    "a:DestinationUnreachable",
    2150858811,
    _CANNOT + "The resource URI is missing or it has an incorrect format. Check the documentation or use the following command for "
    'information on how to construct a resource URI: "winrm help uris". ',
    detail="InvalidResourceURI",
)
RESOURCE_NOT_FOUND = FaultKind("a:DestinationUnreachable", 2150858752, _RESOURCE_NOT_FOUND, detail="InvalidResourceURI")
NOT_SINGLETON = FaultKind(
    "a:DestinationUnreachable",
    2150859002,
    "The WinRM client cannot process the request. The resource URI is not valid: it does not contain keys, but the class selected is not a "
    "singleton. To access an instance which is not a singleton, keys must be provided. Use the following command to get more information in "
    'how to construct a resource URI: "winrm help uris". ',
    detail="InvalidResourceURI",
)
KEYS_IN_ENUMERATE = FaultKind(
    "w:InvalidSelectors",
    2150859016,
    _CANNOT + "The resource URI for an Enumerate operation must not contain keys. ",
    detail="UnexpectedSelectors",
)
NAMESPACE_MISMATCH = FaultKind(
    "w:InternalError",
    2150859067,
    _CANNOT + "The namespace in the selectors differs from the namespace in the resource URI. ",
)
ACTION_NOT_SUPPORTED = FaultKind(
    "a:ActionNotSupported", 2150858771, "The WS-Management service does not support the action specified in the request. "
)
ACTION_MISMATCH = FaultKind(
    "w:ActionMismatch",
    2150858801,
    "The WS-Management service cannot process the request because the WS-Addressing Action URI in the request is not compatible with the "
    "resource. ",
)
INVALID_SELECTORS = FaultKind(
    "w:InvalidSelectors",
    2150858813,
    "The WS-Management service cannot process the request because the selectors for the resource are not valid. ",
)
UNEXPECTED_SELECTORS = FaultKind(
    "w:InvalidSelectors",
    2150858843,
    "The WS-Management service cannot process the request because the request contained invalid selectors for the resource. ",
    detail="UnexpectedSelectors",
)
INSUFFICIENT_SELECTORS = FaultKind(
    "w:InvalidSelectors",
    2150858842,
    "The WS-Management service cannot process the request because the request did not contain all required selectors. ",
    detail="InsufficientSelectors",
)
DUPLICATE_SELECTORS = FaultKind(
    "w:InvalidSelectors",
    2150858847,
    "The WS-Management service cannot process the request because the request contains duplicate selectors. ",
    detail="DuplicateSelectors",
)
INVALID_FRAGMENT = FaultKind(
    "x:InvalidRepresentation",
    2150858841,
    "The WS-Management service cannot process the request because an XML fragment in the URI is invalid. ",
    detail="InvalidFragment",
)
SCHEMA_VALIDATION = FaultKind(
    "w:SchemaValidationError",
    2150858817,
    "The SOAP XML in the message does not match the corresponding XML schema definition. Change the XML and retry. ",
)
INVALID_METHOD_PARAMETER = FaultKind(
    "w:InvalidParameter",
    2150859038,
    _CANNOT + "The WMI provider returned an 'invalid parameter' error. ",
    detail="InvalidValue",
)
NOT_CAPABLE = FaultKind(
    "a:ActionNotSupported",
    2150859010,
    _CANNOT + "The WMI service reported that the WMI provider could not perform the requested operation. ",
)

# Enumeration.
CLASS_WITH_WQL = FaultKind(
    "w:InvalidParameter",
    2150859003,
    "The WinRM client cannot process the request. The resource URI for an enumeration operation with WQL filter must not contain keys and "
    "the class name must be '*' (star). Use the following command to get more information in how to construct a resource URI: "
    '"winrm help uris". ',
)
CANNOT_PROCESS_FILTER = FaultKind("n:CannotProcessFilter", 2150858778, _FILTER)
INVALID_FILTER_XML = FaultKind(
    "n:CannotProcessFilter", 2150859015, "The WS-Management service cannot process the request because the filter XML is invalid. "
)
FILTER_REFUSED = FaultKind("w:CannotProcessFilter", 2150859042, _FILTER)
UNKNOWN_DIALECT = FaultKind(
    "n:FilterDialectRequestedUnavailable",
    2150858777,
    "The filter dialect (the type associated with the filter) was not supported for this resource. Change the filter dialect or remove it "
    "from the request and try the request again. ",
)
UNKNOWN_MODE = FaultKind(
    "w:UnsupportedFeature",
    2150858886,
    "The WS-Management service does not support the specified enumeration mode. ",
    detail="EnumerationMode",
)
INVALID_CONTEXT = FaultKind(
    "n:InvalidEnumerationContext",
    2150858779,
    "The WS-Enumeration context in the enumeration is not valid. Enumeration may have been completed or canceled. You cannot use this "
    "enumeration context anymore. Start a new enumeration. ",
    receiver=True,
)
PULL_DIFFERS = FaultKind(
    "w:InvalidParameter",
    2150859181,
    _CANNOT + "A Pull must have the MaxEnvelopeSize, MaxCharacters and MaxElements of its Enumerate. ",
)

# Eventing: subcodes of WS-Eventing; numbers and texts are inferred, for no recording shows them (confidence low).
DELIVERY_MODE = FaultKind(
    "e:DeliveryModeRequestedUnavailable",
    0x80338018,
    f"{_CANNOT}The requested delivery mode is not supported for the specified resource. ",
)
INVALID_EXPIRATION = FaultKind("e:InvalidExpirationTime", 0x80338016, f"{_CANNOT}The expiration time is not valid. ")
INVALID_SUBSCRIPTION = FaultKind("e:UnableToRenew", 0x80338007, f"{_CANNOT}The subscription identifier is not valid. ")

# Rights and quotas.
ACCESS_DENIED = FaultKind("w:AccessDenied", 5, "Access is denied. ", translated=False)
WMI_ACCESS_DENIED = FaultKind("w:AccessDenied", 2150859012, _CANNOT + "The WMI service returned an 'access denied' error. ")
WMI_PROVIDER_ACCESS_DENIED = FaultKind("w:AccessDenied", 2150859013, _CANNOT + "The WMI provider returned an 'access denied' error. ")
TOO_MANY_OPERATIONS = FaultKind(
    "w:InternalError",
    2150859174,
    _CANNOT + "The maximum number of concurrent operations for this user has been exceeded. Close existing operations for this user, or "
    "raise the quota for this user. ",
    receiver=True,
    translated=False,
)
TIMED_OUT = FaultKind(
    "w:TimedOut",
    2150858793,
    "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
    receiver=True,
)
INTERNAL_ERROR = FaultKind("w:InternalError", 1359, "An internal error occurred. ", receiver=True, translated=False)


def too_many_operations(limit: int) -> WsmanFault:
    message = (
        f"{_CANNOT}This user is allowed a maximum number of {limit} concurrent operations, which has been exceeded. Close existing "
        "operations for this user, or raise the quota for this user. "
    )
    return TOO_MANY_OPERATIONS.fault(message=message)


def namespace_missing(namespace: str) -> WsmanFault:
    """The text is that of a real host without Hyper-V; its code was not recorded, RESOURCE_NOT_FOUND's is taken."""
    text = f"{_CANNOT}The CIM namespace {namespace} is invalid. "
    return WsmanFault(
        "a:DestinationUnreachable", 2150858752, text, detail="InvalidResourceURI", provider=ProviderFault(text), hresult=0x8004100E
    )


def unknown_error(hresult: int) -> WsmanFault:
    """WinRM's words for a number of WMI that it has no text for (Azure Stack's release notes 1712)."""
    text = f"{_CANNOT}The WMI service or the WMI provider returned an unknown error: HRESULT 0x{hresult:08x} "
    return WsmanFault("w:InternalError", 2150858755, text, provider=ProviderFault(text), receiver=True)


def unknown_class_in_query(namespace: str, query: str) -> WsmanFault:
    status = ExtendedStatus(namespace, "ExecQuery", query)
    return CANNOT_PROCESS_FILTER.fault(provider=ProviderFault("The specified class does not exist in the given namespace. ", status))


def invalid_query(namespace: str, query: str) -> WsmanFault:
    return CANNOT_PROCESS_FILTER.fault(
        provider=ProviderFault("The query syntax is not valid. ", ExtendedStatus(namespace, "ExecQuery", query))
    )


def not_found(namespace: str, path: str) -> WsmanFault:
    """No such instance, or no such class (recorded for an instance on Windows Server 2012 R2)."""
    status = ExtendedStatus(namespace, "GetObject", path)
    return RESOURCE_NOT_FOUND.fault(provider=ProviderFault(_RESOURCE_NOT_FOUND, status))


# WBEM_E_* and Win32 errors that WinRM has faults of its own for (wsmerror.h, WMI chapter).
_BY_HRESULT = {
    0x80041002: RESOURCE_NOT_FOUND,  # WBEM_E_NOT_FOUND
    0x80041003: WMI_PROVIDER_ACCESS_DENIED,  # WBEM_E_ACCESS_DENIED
    0x80041008: INVALID_METHOD_PARAMETER,  # WBEM_E_INVALID_PARAMETER
    0x80041010: RESOURCE_NOT_FOUND,  # WBEM_E_INVALID_CLASS
    0x80041017: CANNOT_PROCESS_FILTER,  # WBEM_E_INVALID_QUERY
    0x80041023: NOT_CAPABLE,  # WBEM_E_READ_ONLY
    0x80041024: NOT_CAPABLE,  # WBEM_E_PROVIDER_NOT_CAPABLE
    0x8004102F: INVALID_METHOD_PARAMETER,  # WBEM_E_INVALID_METHOD_PARAMETERS
    0x80041055: NOT_CAPABLE,  # WBEM_E_METHOD_NOT_IMPLEMENTED
    0x80070005: ACCESS_DENIED,  # E_ACCESSDENIED
}


def provider_failure(error: CimError, namespace: str, operation: str) -> WsmanFault:
    """A provider's HRESULT: a fault of WinRM's own where it has one, else w:InternalError with the HRESULT as Code."""
    status = ExtendedStatus(namespace, error.operation or operation, error.parameter_info or None, error.provider or "WinMgmt")
    message = error.message if error.message.endswith(" ") else f"{error.message} "
    provider = ProviderFault(message, status)
    kind = _BY_HRESULT.get(error.hresult)
    if kind is not None:
        return kind.fault(provider=provider)
    return WsmanFault("w:InternalError", error.hresult, message, provider=provider, receiver=True, hresult=error.hresult)
