# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What scripts are made of, as PowerShell's own parser reads them. In: an array of texts as JSON. Out: for each its errors, kinds of syntax tree
# nodes and tokens, functions, and commands with their parameters.

$namespace = 'System.Management.Automation.Language'

function Get-Keys($Root, $Variable) {
    # Of the hashtables that are put into a variable, and what is put into those by name.
    foreach ($assignment in $Root.FindAll({ $args[0].GetType().Name -eq 'AssignmentStatementAst' }, $true)) {
        $left = $assignment.Left
        if ($left.GetType().Name -eq 'VariableExpressionAst' -and $left.VariablePath.UserPath -eq $Variable) {
            foreach ($table in $assignment.Right.FindAll({ $args[0].GetType().Name -eq 'HashtableAst' }, $false)) {
                foreach ($pair in $table.KeyValuePairs) { $pair.Item1.Extent.Text.Trim("'") }
            }
        }
        if ($left.GetType().Name -eq 'IndexExpressionAst' -and $left.Target.Extent.Text -eq "`$$Variable") { $left.Index.Extent.Text.Trim("'") }
    }
}

$described = foreach ($text in @($input | ConvertFrom-Json)) {
    $tokens = $errors = $null
    $root = [System.Management.Automation.Language.Parser]::ParseInput($text, [ref] $tokens, [ref] $errors)
    $all = @($root.FindAll({ $true }, $true))
    $kinds = @(foreach ($ast in $all) {
            $ast.GetType().Name
            if ($ast.GetType().Name -eq 'PipelineAst' -and $ast.Background) { 'Background' }
            if ($ast.PSObject.Properties['NullConditional'] -and $ast.NullConditional) { 'NullConditional' }
            if ($ast.PSObject.Properties['CleanBlock'] -and $null -ne $ast.CleanBlock) { 'CleanBlock' }
        })
    $functions = @(foreach ($ast in $all) { if ($ast.GetType().Name -eq 'FunctionDefinitionAst') { $ast.Name -replace '^global:', '' } })
    $commands = @(foreach ($ast in $all) {
            if ($ast.GetType().Name -ne 'CommandAst') { continue }
            $name = $ast.GetCommandName()
            if (-not $name) { continue }
            $parameters = @(foreach ($element in $ast.CommandElements) {
                    if ($element.GetType().Name -eq 'CommandParameterAst') { $element.ParameterName }
                    if ($element.GetType().Name -eq 'VariableExpressionAst' -and $element.Splatted) { Get-Keys $root $element.VariablePath.UserPath }
                })
            @{ name = ($name -split '\\')[-1]; parameters = $parameters; line = $ast.Extent.StartLineNumber }
        })
    @{
        errors = @($errors | ForEach-Object { $_.Message })
        kinds = @($kinds | Sort-Object -Unique)
        tokens = @($tokens | ForEach-Object { [string] $_.Kind } | Sort-Object -Unique)
        texts = @($tokens | Where-Object { $_.GetType().Name -eq 'StringExpandableToken' -or $_.GetType().Name -eq 'NumberToken' } | ForEach-Object { $_.Text })
        functions = $functions
        commands = $commands
    }
}
[System.Console]::Out.Write((ConvertTo-Json @($described) -Depth 6 -Compress))
