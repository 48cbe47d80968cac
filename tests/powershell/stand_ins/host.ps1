# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The host's side: goes before the bootstrap. A session is a process of its own, whose answers are serialized as remoting does it.

$ErrorView = 'NormalView'
Microsoft.PowerShell.Utility\Add-Type -Path $env:STAND_IN_TYPES
if ($env:STAND_IN_CULTURE) { [System.Threading.Thread]::CurrentThread.CurrentCulture = $env:STAND_IN_CULTURE }
if ($env:STAND_IN_LANGUAGE) { $ExecutionContext.SessionState.LanguageMode = $env:STAND_IN_LANGUAGE }
if ($env:STAND_IN_PACE) {
    foreach ($name in 'answerLimit', 'scriptLimit') {
        $attributes = [System.Collections.ObjectModel.Collection[System.Attribute]]::new()
        $attributes.Add([HypervAvma.StandIns.PaceAttribute] @{ Divisor = [double] $env:STAND_IN_PACE })
        # In every scope, so that the script assigns to this one.
        $ExecutionContext.SessionState.PSVariable.Set([psvariable]::new($name, 0, 'AllScope', $attributes))
    }
}

function global:Add-Type {
    param([string] $AssemblyName)
}

function global:New-PSSession {
    [CmdletBinding()]
    param([guid] $VMId, [pscredential] $Credential)
    if ($VMId -ne [guid] $env:STAND_IN_VM) {
        $exception = [System.ArgumentException]::new("The input VMId $VMId does not resolve to a single virtual machine.")
        $PSCmdlet.ThrowTerminatingError([System.Management.Automation.ErrorRecord]::new($exception, 'InvalidVMIdNotSingle', 'InvalidArgument', $VMId))
    }
    $given = $Credential.GetNetworkCredential().Password
    if ($Credential.UserName -cne $env:STAND_IN_USER -or $given -cne $env:STAND_IN_PASSWORD) {
        $exception = [System.Management.Automation.Remoting.PSDirectException]::new('The credential is invalid.')
        $PSCmdlet.ThrowTerminatingError([System.Management.Automation.ErrorRecord]::new($exception, 'PSSessionOpenFailed', 'OpenError', $VMId))
    }
    if ($env:STAND_IN_SESSION_HANGS) { Start-Sleep -Seconds ([int] $env:STAND_IN_SESSION_HANGS) }
    $types = [System.Management.Automation.Runspaces.TypeTable]::LoadDefaultTypeFiles()
    $runspace = [runspacefactory]::CreateOutOfProcessRunspace($types)
    $runspace.Open()
    $prepared = [powershell]::Create()
    $prepared.Runspace = $runspace
    $null = $prepared.AddScript('. $args[0]; if ($args[1]) { . ([scriptblock]::Create($args[1])) }')
    $null = $prepared.AddArgument((Join-Path $env:STAND_INS 'guest.ps1')).AddArgument($env:STAND_IN_GUEST)
    $null = $prepared.Invoke()
    $prepared.Dispose()
    $session = [System.Management.Automation.Runspaces.PSSession]::Create($runspace, 'VMBus', $PSCmdlet)
    if ($env:STAND_IN_SESSIONS) { [System.IO.File]::AppendAllText($env:STAND_IN_SESSIONS, "opened`n") }
    $session
}
