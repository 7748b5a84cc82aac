/** Windows, by its own PowerShell (5.1 and later) over OpenSSH. */
import { UsageError } from '../../model/errors.ts';
import { powershellArgv, powershellText, windowsArguments } from '../../shell/powershell.ts';
import type { GuestVerbs } from './guest-system.ts';
import { refuseTime } from './posix.ts';

export const WINDOWS: GuestVerbs = {
  exec([program, ...args]) {
    // `CreateProcess` would hand its arguments to cmd.exe, which takes them for grammar.
    if (/\.(bat|cmd)$/i.test(program))
      throw new UsageError(`Cannot run a batch file by itself on Windows: ${program}`, {
        hint: `cmd.exe /c ${program}`,
      });
    if (program.includes('"'))
      throw new UsageError(`Cannot run a program on Windows as its name has a quote: ${program}`);
    // PowerShell 5.1 loses quotes of arguments that it passes itself: the process is made by .NET, with one text for all of them.
    return powershellArgv(`$i=New-Object Diagnostics.ProcessStartInfo
$i.FileName=${powershellText(program)}
$i.Arguments=${powershellText(windowsArguments(args))}
$i.UseShellExecute=$false
try{$p=[Diagnostics.Process]::Start($i)}catch{[Console]::Error.WriteLine($_.Exception.Message);exit 127}
$p.WaitForExit()
exit $p.ExitCode`);
  },
  shell: () => ['powershell.exe', '-NoLogo'],
  logs(files, { follow = false, lines = 200, since }) {
    const count = String(lines);
    if (files.length === 0) return powershellArgv(events(count, follow, since));
    refuseTime(since);
    const paths = files.map(powershellText).join(',');
    return powershellArgv(`$f=Get-ChildItem -Path ${paths} -File|Sort-Object LastWriteTime|Select-Object -Last 1
if(-not $f){[Console]::Error.WriteLine('There is no such file yet');exit 1}
Get-Content -LiteralPath $f.FullName -Encoding UTF8 -Tail ${count}${follow ? ' -Wait' : ''}`);
  },
};

/** The event log `Application`, oldest first; looked at every two seconds for what comes. */
function events(count: string, follow: boolean, since: string | undefined): string {
  if (since !== undefined && !/^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?$/.test(since))
    throw new UsageError(`Cannot read a log of Windows from this time on: ${since}`, { hint: '--since 2026-05-01' });
  const from = since === undefined ? '' : `;StartTime=[datetime]${powershellText(since)}`;
  const look = (most: string, filter: string): string =>
    `@(Get-WinEvent -FilterHashtable @{LogName='Application'${from}}${most} -ErrorAction SilentlyContinue${filter}|Sort-Object RecordId)`;
  const print = `{$l=$_.RecordId;'{0:s} {1} {2}: {3}' -f $_.TimeCreated,$_.LevelDisplayName,$_.ProviderName,$_.Message}`;
  const first = `$l=0\n${look(` -MaxEvents ${count}`, '')}|ForEach-Object ${print}`;
  if (!follow) return first;
  return `${first}\nwhile($true){Start-Sleep 2\n${look(' -MaxEvents 1000', '|Where-Object RecordId -gt $l')}|ForEach-Object ${print}}`;
}
