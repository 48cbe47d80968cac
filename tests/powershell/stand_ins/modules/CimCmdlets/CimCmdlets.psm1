# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# CIM cmdlets of the guest's side that ask the simulated guest. A module of the name that Windows has: each runspace loads it by itself.
# Errors have the types and places of Windows.

$exceptionType = 'Microsoft.Management.Infrastructure.CimException'
foreach ($name in 'MessageId', 'ErrorData') {
    $value = [scriptblock]::Create("`$this.Data['$name']")
    Update-TypeData -TypeName $exceptionType -MemberType ScriptProperty -MemberName $name -Value $value -Force
}

function ConvertFrom-SimulatedValue {
    param($Property)
    $kind = [string] $Property['type']
    $values = @(foreach ($text in $Property['values']) {
            switch ($kind) {
                'boolean' { [bool]::Parse($text) }
                'datetime' { [datetime]::Parse($text, [cultureinfo]::InvariantCulture, [System.Globalization.DateTimeStyles]::RoundtripKind).ToLocalTime() }
                'interval' { [timespan]::FromTicks([long] $text) }
                'uint8' { [byte] $text }
                'uint16' { [uint16] $text }
                'uint32' { [uint32] $text }
                'uint64' { [uint64] $text }
                'sint8' { [sbyte] $text }
                'sint16' { [int16] $text }
                'sint32' { [int] $text }
                'sint64' { [long] $text }
                'real32' { [single] $text }
                'real64' { [double] $text }
                default { [string] $text }
            }
        })
    if ($Property['array']) { , $values }
    elseif ($values.Count) { $values[0] }
}

function Invoke-SimulatedGuest {
    param([hashtable] $Request)
    $json = [System.Web.Script.Serialization.JavaScriptSerializer]::new()
    $json.MaxJsonLength = 2147483647
    $json.DeserializeObject([HypervAvma.StandIns.SimulatedGuest]::Ask($json.Serialize($Request)))
}

function New-SimulatedError {
    param($Failure, [string] $Cmdlet)
    $exception = [Microsoft.Management.Infrastructure.CimException]::new([string] $Failure['message'])
    # Windows has a setter of its own, which is not public.
    $null = $exception.GetType().GetProperty('NativeErrorCode').GetSetMethod($true).Invoke($exception, @([Microsoft.Management.Infrastructure.NativeErrorCode] [int] $Failure['cim_status']))
    $exception.Data['MessageId'] = [string] $Failure['message_id']
    if ($Failure.ContainsKey('error_code')) {
        $properties = @{ error_Code = [pscustomobject] @{ Name = 'error_Code'; Value = [uint32] $Failure['error_code'] } }
        $exception.Data['ErrorData'] = [pscustomobject] @{ CimInstanceProperties = $properties }
    }
    $identifier = '{0},Microsoft.Management.Infrastructure.CimCmdlets.{1}' -f $Failure['message_id'], $Cmdlet
    [System.Management.Automation.ErrorRecord]::new($exception, $identifier, 'NotSpecified', $null)
}

# CIM cmdlets report most refusals without throwing; the script's preference makes them throw.
function Get-CimInstance {
    [CmdletBinding()]
    param([string] $Namespace, [string] $Query)
    $answer = Invoke-SimulatedGuest @{ kind = 'query'; namespace = $Namespace; query = $Query }
    if ($answer.ContainsKey('failure')) {
        $PSCmdlet.WriteError((New-SimulatedError $answer['failure'] 'GetCimInstanceCommand'))
        return
    }
    foreach ($row in $answer['rows']) {
        $properties = [System.Collections.Generic.List[object]]::new()
        foreach ($property in $row) {
            $properties.Add([pscustomobject] @{ Name = $property['name']; Value = (ConvertFrom-SimulatedValue $property) })
        }
        [pscustomobject] @{ CimInstanceProperties = $properties }
    }
}

function New-CimInstance {
    [CmdletBinding()]
    param([switch] $ClientOnly, [string] $Namespace, [string] $ClassName, [System.Collections.IDictionary] $Property, [string[]] $Key)
    if (-not $ClientOnly) { throw 'an instance in the guest is not what was asked for' }
    if (@(Compare-Object @($Key) @($Property.Keys)).Count) { throw 'each property of the path is one of its keys' }
    [pscustomobject] @{ Namespace = $Namespace; ClassName = $ClassName; Keys = $Property }
}

function Invoke-CimMethod {
    [CmdletBinding()]
    param($InputObject, [string] $Namespace, [string] $ClassName, [string] $MethodName, [System.Collections.IDictionary] $Arguments = @{})
    $request = @{ kind = 'call'; namespace = $Namespace; class = $ClassName; keys = @{}; method = $MethodName }
    if ($null -ne $InputObject) {
        $request['namespace'] = $InputObject.Namespace
        $request['class'] = $InputObject.ClassName
        foreach ($name in $InputObject.Keys.Keys) { $request['keys'][$name] = [string] $InputObject.Keys[$name] }
    }
    $request['arguments'] = @(foreach ($name in $Arguments.Keys) {
            , @([string] $name, $Arguments[$name].GetType().Name, [System.Convert]::ToString($Arguments[$name], [cultureinfo]::InvariantCulture))
        })
    $answer = Invoke-SimulatedGuest $request
    if ($answer.ContainsKey('failure')) {
        $PSCmdlet.ThrowTerminatingError((New-SimulatedError $answer['failure'] 'InvokeCimMethodCommand'))
    }
    $result = [ordered] @{}
    foreach ($property in $answer['rows'][0]) { $result[[string] $property['name']] = ConvertFrom-SimulatedValue $property }
    $result['PSComputerName'] = $null
    [pscustomobject] $result
}

Export-ModuleMember -Function Get-CimInstance, New-CimInstance, Invoke-CimMethod
