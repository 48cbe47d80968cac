# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows PowerShell 5.1 knows, as far as scripts of this repository ask it. Whoever calls another cmdlet adds its row.

Source: Microsoft's reference of the modules, version 5.1 (learn.microsoft.com/powershell/module/?view=powershell-5.1), read 2026-11-28.
"""

from __future__ import annotations

# about_CommonParameters of 5.1, with their aliases, and those of cmdlets that support ShouldProcess. ProgressAction is new in 7.4.
COMMON = frozenset(
    "Debug db ErrorAction ea ErrorVariable ev InformationAction infa InformationVariable iv OutVariable ov OutBuffer ob PipelineVariable pv "
    "Verbose vb WarningAction wa WarningVariable wv WhatIf wi Confirm cf UseTransaction usetx".lower().split()
)

_CMDLETS = """
Add-Type: AssemblyName CodeDomProvider CompilerParameters IgnoreWarnings Language MemberDefinition Name Namespace OutputAssembly OutputType
    PassThru Path LiteralPath ReferencedAssemblies TypeDefinition UsingNamespace
Compare-Object: CaseSensitive Culture DifferenceObject ExcludeDifferent IncludeEqual PassThru Property ReferenceObject SyncWindow
ConvertFrom-Json: InputObject
ConvertTo-Json: Compress Depth InputObject
Export-ModuleMember: Alias Cmdlet Function Variable
ForEach-Object: ArgumentList Begin End InputObject MemberName Process RemainingScripts
Get-CimInstance: CimSession ClassName ComputerName Filter InputObject KeyOnly Namespace OperationTimeoutSec Property Query QueryDialect
    ResourceUri Shallow
Invoke-CimMethod: Arguments CimClass CimSession ClassName ComputerName InputObject MethodName Namespace OperationTimeoutSec Query
    QueryDialect ResourceUri
Join-Path: ChildPath Credential Path Resolve
New-CimInstance: CimClass CimSession ClassName ClientOnly ComputerName Key Namespace OperationTimeoutSec Property ResourceUri
New-PSSession: AllowRedirection ApplicationName Authentication CertificateThumbprint ComputerName ConfigurationName ConnectionUri
    ContainerId Credential EnableNetworkAccess Name Port RunAsAdministrator Session SessionOption ThrottleLimit UseSSL VMId VMName
Sort-Object: CaseSensitive Culture Descending InputObject Property Unique
Start-Sleep: Milliseconds Seconds
Update-TypeData: AppendPath DefaultDisplayProperty DefaultDisplayPropertySet DefaultKeyPropertySet Force InheritPropertySerializationSet
    MemberName MemberType PrependPath PropertySerializationSet SecondValue SerializationDepth SerializationMethod StringSerializationSource
    TargetTypeForDeserialization TypeAdapter TypeConverter TypeData TypeName Value
Where-Object: CContains CEQ CGE CGT CIn CLE CLike CLT CMatch CNE CNotContains CNotIn CNotLike CNotMatch Contains EQ FilterScript GE GT In
    InputObject Is IsNot LE Like LT Match NE NotContains NotIn NotLike NotMatch Property Value
Write-Information: MessageData Tags
"""


def _table(text: str) -> dict[str, frozenset[str]]:
    rows = " ".join(text.split("\n    ")).strip().splitlines()
    return {name.lower(): frozenset(parameters.lower().split()) for name, _colon, parameters in (row.partition(":") for row in rows)}


PARAMETERS = _table(_CMDLETS)

# Kinds of nodes and tokens of PowerShell 7 that 5.1 has not (System.Management.Automation.Language).
NEWER_NODES = frozenset({"TernaryExpressionAst", "PipelineChainAst", "Background", "NullConditional", "CleanBlock"})
NEWER_TOKENS = frozenset(
    {"QuestionMark", "QuestionQuestion", "QuestionQuestionEquals", "QuestionDot", "QuestionLBracket", "AndAnd", "OrOr", "Clean", "Default"}
) - {"Default"}
# Escapes in a text, binary numbers, and suffixes of numbers that came with 6 and 7.
NEWER_TEXTS = r"`e|`u\{|^0b[01]|^[0-9a-fA-Fx]+(u|ul|us|uy|n|y|s)(kb|mb|gb|tb|pb)?$"


def knows(cmdlet: str, parameter: str) -> bool:
    """As PowerShell takes a parameter: by its name or by an unambiguous beginning of it."""
    asked = parameter.lower()
    names = PARAMETERS[cmdlet.lower()] | COMMON
    return asked in names or sum(name.startswith(asked) for name in PARAMETERS[cmdlet.lower()]) == 1
