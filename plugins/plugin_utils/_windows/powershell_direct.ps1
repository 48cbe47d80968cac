# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs on a Hyper-V host: carries CIM queries and method calls into one guest by PowerShell Direct, and what they gave back out.
# It decides nothing. The controller sends it as it is here, and the bootstrap refuses any other text.
#
# Parameters come as JSON: nonce, vm (GUID), user, password, operations (JSON of its own, carried into the guest as it is).
# JSON is read and written by .NET and not by cmdlets, since PowerShell's module logging would record what a cmdlet is given.
# The answer is one line for the controller to find whatever else is printed: begin, nonce, SHA-256, Base64 of UTF-8, end.
param([string] $Request)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

$inGuest = {
    # A hashtable, whose content module logging does not show either.
    param([hashtable] $Parameters)

    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'
    $WarningPreference = 'SilentlyContinue'
    Add-Type -AssemblyName System.Web.Extensions
    $json = [System.Web.Script.Serialization.JavaScriptSerializer]::new()
    $json.MaxJsonLength = 16777216
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $results = [System.Collections.Generic.List[object]]::new()

    foreach ($operation in $json.DeserializeObject([string] $Parameters['operations'])) {
        $result = [System.Collections.Generic.Dictionary[string, object]]::new()
        try {
            $found = [System.Collections.Generic.List[object]]::new()
            if ($operation['kind'] -eq 'query') {
                foreach ($instance in @(Get-CimInstance -Namespace $operation['namespace'] -Query $operation['query'])) {
                    $found.Add($instance.CimInstanceProperties)
                }
            }
            else {
                $arguments = @{}
                foreach ($name in $operation['arguments'].Keys) {
                    $value = $operation['arguments'][$name]
                    # CIM wants the exact type, and JSON has but one kind of number: the methods that are called take uint32.
                    if ($value -is [int] -or $value -is [long]) { $value = [uint32] $value }
                    $arguments[[string] $name] = $value
                }
                $target = @{ MethodName = $operation['method'] }
                if ($arguments.Count -gt 0) { $target['Arguments'] = $arguments }
                if ($operation['keys'].Count -eq 0) {
                    $target['Namespace'] = $operation['namespace']
                    $target['ClassName'] = $operation['class']
                }
                else {
                    # The path alone: to read a whole product makes Windows compute for seconds.
                    $keys = @{}
                    foreach ($name in $operation['keys'].Keys) { $keys[[string] $name] = $operation['keys'][$name] }
                    $path = @{ Namespace = $operation['namespace']; ClassName = $operation['class']; Property = $keys; Key = [string[]] @($keys.Keys) }
                    $target['InputObject'] = New-CimInstance -ClientOnly @path
                }
                $found.Add((Invoke-CimMethod @target).PSObject.Properties)
            }
            $rows = [System.Collections.Generic.List[object]]::new()
            foreach ($properties in $found) {
                $row = [System.Collections.Generic.Dictionary[string, object]]::new()
                foreach ($property in $properties) {
                    $texts = [System.Collections.Generic.List[string]]::new()
                    # PowerShell adds properties of its own to what a method gave; one that cannot be read is none of CIM's.
                    try { $values = @($property.Value) } catch { continue }
                    foreach ($value in $values) {
                        if ($null -eq $value) { continue }
                        if ($value -is [bool]) { $texts.Add($value.ToString().ToLowerInvariant()) }
                        elseif ($value -is [datetime]) { $texts.Add($value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.ffffffZ', $invariant)) }
                        else { $texts.Add([System.Convert]::ToString($value, $invariant)) }
                    }
                    $row[[string] $property.Name] = $texts
                }
                $rows.Add($row)
            }
            $result['rows'] = $rows
        }
        catch {
            # Codes and identifiers: messages are in the guest's language, and only shown.
            $result['error_id'] = [string] $_.FullyQualifiedErrorId
            $result['message'] = [string] $_.Exception.Message
            $result['hresult'] = [long] $_.Exception.HResult
            $result['type'] = [string] $_.Exception.GetType().FullName
            if ($_.Exception -is [Microsoft.Management.Infrastructure.CimException]) {
                $result['cim_status'] = [long] [int] $_.Exception.NativeErrorCode
                $result['message_id'] = [string] $_.Exception.MessageId
                if ($null -ne $_.Exception.ErrorData) {
                    $code = $_.Exception.ErrorData.CimInstanceProperties['error_Code']
                    if ($null -ne $code -and $null -ne $code.Value) { $result['error_code'] = [long] $code.Value }
                }
            }
        }
        $results.Add($result)
        if ($operation['stops'] -and $result.ContainsKey('error_id')) { break }
    }
    $json.Serialize($results)
}

Add-Type -AssemblyName System.Web.Extensions
$json = [System.Web.Script.Serialization.JavaScriptSerializer]::new()
$json.MaxJsonLength = 33554432
$asked = $json.DeserializeObject($Request)
$answer = [System.Collections.Generic.Dictionary[string, object]]::new()
$session = $null
$stage = 'session'
try {
    $password = [System.Security.SecureString]::new()
    foreach ($character in ([string] $asked['password']).ToCharArray()) { $password.AppendChar($character) }
    $credential = [System.Management.Automation.PSCredential]::new([string] $asked['user'], $password)
    $session = New-PSSession -VMId ([guid] [string] $asked['vm']) -Credential $credential
    $stage = 'guest'
    $said = @(Invoke-Command -Session $session -ScriptBlock $inGuest -ArgumentList @{ operations = [string] $asked['operations'] })
    $answer['results'] = [string] $said[-1]
}
catch {
    $types = [System.Collections.Generic.List[string]]::new()
    $exception = $_.Exception
    while ($null -ne $exception) {
        $types.Add($exception.GetType().FullName)
        $exception = $exception.InnerException
    }
    $answer['error_id'] = [string] $_.FullyQualifiedErrorId
    $answer['message'] = [string] $_.Exception.Message
    $answer['types'] = $types
}
finally {
    if ($null -ne $session) { Remove-PSSession -Session $session -ErrorAction SilentlyContinue }
}
$answer['stage'] = $stage

$bytes = [System.Text.Encoding]::UTF8.GetBytes($json.Serialize($answer))
$digest = [System.BitConverter]::ToString([System.Security.Cryptography.SHA256CryptoServiceProvider]::new().ComputeHash($bytes)).Replace('-', '')
[System.Console]::Out.WriteLine()
[System.Console]::Out.WriteLine('HYPERV-AVMA-BEGIN {0} {1} {2} HYPERV-AVMA-END', [string] $asked['nonce'], $digest, [System.Convert]::ToBase64String($bytes))
[System.Console]::Out.Flush()
