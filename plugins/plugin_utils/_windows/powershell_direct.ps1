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
#
# The guest may be hostile, or die in the middle. Its first object is the answer; nothing else of it is kept, and nothing that it does is waited for any longer.
# Exit codes: 0 the answer was printed, 71 the request is not what the script takes, 72 the script did not come to its end in time.
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
    # The host hears nothing of a guest that has died, or that is paused: these are the signs of life of one that works and is slow.
    Write-Information 'alive'
    Add-Type -AssemblyName System.Web.Extensions

    $work = {
        param([hashtable] $Parameters)

        $ErrorActionPreference = 'Stop'
        $ProgressPreference = 'SilentlyContinue'
        $WarningPreference = 'SilentlyContinue'
        $json = [System.Web.Script.Serialization.JavaScriptSerializer]::new()
        # Characters of an answer, and so of an honest guest's; the host's side has the same bound for one that is not.
        $json.MaxJsonLength = 4194304
        $invariant = [System.Globalization.CultureInfo]::InvariantCulture
        $results = [System.Collections.Generic.List[object]]::new()

        # The serializer's own messages hold all of what it was given.
        try { $operations = @($json.DeserializeObject([string] $Parameters['operations'])) }
        catch {
            $Parameters['failed'] = 'OperationsUnreadable'
            return
        }

        foreach ($operation in $operations) {
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
        try { $Parameters['answer'] = $json.Serialize($results) } catch { $Parameters['failed'] = 'AnswerTooLong' }
    }
    $worker = [powershell]::Create()
    $working = $worker.AddScript($work).AddArgument($Parameters).BeginInvoke()
    while (-not $working.AsyncWaitHandle.WaitOne(2000)) { Write-Information 'alive' }
    # Throws what ended the work.
    $null = $worker.EndInvoke($working)
    if ($Parameters['failed']) { throw [string] $Parameters['failed'] }
    $Parameters['answer']
}

# Seconds since the script began: for the guest's answer, and for everything (the controller waits for 300).
$answerLimit = 240
$scriptLimit = 270
# Seconds without a sign of life: until the first one, and between two.
$firstLimit = 60
$silenceLimit = 15
# Bytes that may be on the heap beyond what was there before the guest was asked. An honest answer takes a tenth of that.
$memoryLimit = 201326592
$chatterLimit = 2000
$longest = 4194304
$longestText = 2000
$clock = [System.Diagnostics.Stopwatch]::StartNew()

Add-Type -AssemblyName System.Web.Extensions
# No message of the serializer may be seen: it would hold the password.
try {
    $json = [System.Web.Script.Serialization.JavaScriptSerializer]::new()
    $json.MaxJsonLength = [int]::MaxValue
    $asked = $json.DeserializeObject($Request)
    foreach ($name in 'nonce', 'vm', 'user', 'password', 'operations') {
        if ($asked[$name] -isnot [string]) { exit 71 }
    }
    $vm = [guid] $asked['vm']
    if ($json.DeserializeObject($asked['operations']) -isnot [array]) { exit 71 }
}
catch { exit 71 }

$answer = [System.Collections.Generic.Dictionary[string, object]]::new()
$session = $null
$running = $null
$finished = $false
$stage = 'session'
try {
    # A runspace of its own ends the process if this one hangs, and its host has no screen: what a guest writes to it is gone.
    $aside = [powershell]::Create()
    $blind = $aside.AddScript({ $Host }).Invoke()[0]
    $aside.Commands.Clear()
    $null = $aside.AddScript({ param([int] $Seconds) Start-Sleep -Seconds $Seconds; [System.Environment]::Exit(72) }).AddArgument($scriptLimit)
    $null = $aside.BeginInvoke()

    $password = [System.Security.SecureString]::new()
    foreach ($character in ([string] $asked['password']).ToCharArray()) { $password.AppendChar($character) }
    $credential = [System.Management.Automation.PSCredential]::new([string] $asked['user'], $password)
    $session = New-PSSession -VMId $vm -Credential $credential
    $stage = 'guest'

    $settings = [System.Management.Automation.PSInvocationSettings]::new()
    $settings.Host = $blind.PSObject.BaseObject
    $none = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $none.Complete()
    $said = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $pipeline = [powershell]::Create()
    $pipeline.Runspace = $session.Runspace
    $null = $pipeline.AddScript($inGuest).AddArgument(@{ operations = [string] $asked['operations'] })
    $before = [System.GC]::GetTotalMemory($true)
    $chatter = 0
    $patience = $firstLimit
    $heard = [System.Diagnostics.Stopwatch]::StartNew()
    $running = $pipeline.BeginInvoke($none, $said, $settings, $null, $null)
    while ($said.Count -eq 0 -and -not $running.IsCompleted) {
        $null = $running.AsyncWaitHandle.WaitOne(20)
        $news = 0
        foreach ($stream in $pipeline.Streams.Error, $pipeline.Streams.Warning, $pipeline.Streams.Verbose, $pipeline.Streams.Debug,
            $pipeline.Streams.Information, $pipeline.Streams.Progress) { $news += $stream.Count }
        if ($news -gt 0) {
            $pipeline.Streams.ClearStreams()
            $chatter += $news
            $patience = $silenceLimit
            $heard.Restart()
        }
        if ($chatter -gt $chatterLimit -or [System.GC]::GetTotalMemory($false) - $before -gt $memoryLimit) { throw 'AnswerTooLong' }
        if ($clock.Elapsed.TotalSeconds -gt $answerLimit) { throw 'AnswerOverdue' }
        if ($said.Count -eq 0 -and $heard.Elapsed.TotalSeconds -gt $patience) { throw 'GuestSilent' }
        # A pipeline whose session is dead may never come to its end.
        if ($said.Count -eq 0 -and $session.State -ne 'Opened') { throw 'SessionBroken' }
    }
    if ($said.Count -eq 0) {
        # Throws what ended the pipeline.
        $finished = $true
        $null = $pipeline.EndInvoke($running)
        throw 'AnswerMissing'
    }
    $first = $said[0]
    if ($null -ne $first) { $first = $first.PSObject.BaseObject }
    if ($first -isnot [string]) { throw 'AnswerUnreadable' }
    if ($first.Length -gt $longest) { throw 'AnswerTooLong' }
    $answer['results'] = $first
}
catch {
    $types = [System.Collections.Generic.List[string]]::new()
    $exception = $_.Exception
    while ($null -ne $exception -and $types.Count -lt 10) {
        $types.Add($exception.GetType().FullName)
        $exception = $exception.InnerException
    }
    $record = $_
    # What ended the guest's part comes wrapped, and has an identifier of its own.
    $cause = $_.Exception.InnerException
    if ($cause -is [System.Management.Automation.RemoteException] -and $null -ne $cause.ErrorRecord) { $record = $cause.ErrorRecord }
    $answer['error_id'] = [string] $record.FullyQualifiedErrorId
    $answer['message'] = [string] $record.Exception.Message
    foreach ($name in 'error_id', 'message') {
        if ($answer[$name].Length -gt $longestText) { $answer[$name] = $answer[$name].Substring(0, $longestText) }
    }
    $answer['types'] = $types
}
$answer['stage'] = $stage

$bytes = [System.Text.Encoding]::UTF8.GetBytes($json.Serialize($answer))
$digest = [System.BitConverter]::ToString([System.Security.Cryptography.SHA256CryptoServiceProvider]::new().ComputeHash($bytes)).Replace('-', '')
[System.Console]::Out.WriteLine()
[System.Console]::Out.WriteLine('HYPERV-AVMA-BEGIN {0} {1} {2} HYPERV-AVMA-END', [string] $asked['nonce'], $digest, [System.Convert]::ToBase64String($bytes))
[System.Console]::Out.Flush()

# The answer is out. A guest that has come to its end gets a few seconds for an orderly leave; any other loses its session with the process.
if ($null -ne $running -and $answer.ContainsKey('results')) { $finished = $running.AsyncWaitHandle.WaitOne(2000) }
if ($finished -and $session.State -eq 'Opened') {
    $clock.Restart()
    $session.Runspace.CloseAsync()
    while ($session.State -eq 'Opened' -or $session.Runspace.RunspaceStateInfo.State -eq 'Closing') {
        if ($clock.Elapsed.TotalSeconds -gt 5 -or [System.GC]::GetTotalMemory($false) - $before -gt $memoryLimit) { break }
        Start-Sleep -Milliseconds 20
    }
}
[System.Environment]::Exit(0)
