import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentBootId } from './process-identity.ts';

/** Kernel settings that kubelet, kube-proxy and the bridge plugin change. */
const changedSettings = [
  'kernel/keys/root_maxbytes',
  'kernel/keys/root_maxkeys',
  'kernel/panic',
  'kernel/panic_on_oops',
  'net/ipv4/conf/all/route_localnet',
  'net/ipv4/ip_forward',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
];

/** Folders that kubelet and the CNI plugins make at fixed places, whatever their configuration says. */
const fixedFolders = ['/var/lib/cni', '/var/lib/kubelet', '/var/log/containers', '/var/log/pods'];

interface MachineBefore {
  readonly bootId: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Those of the fixed folders that were not there: all in them is the cluster's. */
  readonly absentFolders: readonly string[];
}

const noteFile = (stateFolder: string) => join(stateFolder, 'machine-before.json');
const settingFile = (name: string) => join('/proc/sys', name);

/** Notes how the machine is before the cluster starts, for {@link restoreMachine}; once for each cluster. */
export function noteMachine(stateFolder: string): void {
  const file = noteFile(stateFolder);
  if (existsSync(file)) return;
  const present = changedSettings.filter((name) => existsSync(settingFile(name)));
  const before: MachineBefore = {
    bootId: currentBootId(),
    settings: Object.fromEntries(present.map((name) => [name, readSetting(name)])),
    absentFolders: fixedFolders.filter((folder) => !existsSync(folder)),
  };
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(file, JSON.stringify(before));
}

/** Puts the machine back as it was noted. After a restart its settings are the system's own again, and stay. */
export function restoreMachine(stateFolder: string): void {
  const file = noteFile(stateFolder);
  if (!existsSync(file)) return;
  const { bootId, settings, absentFolders } = JSON.parse(readFileSync(file, 'utf8')) as MachineBefore;
  for (const folder of absentFolders) rmSync(folder, { recursive: true, force: true });
  if (bootId !== currentBootId()) return;
  for (const [name, value] of Object.entries(settings)) {
    if (readSetting(name) !== value) writeFileSync(settingFile(name), value);
  }
}

/** Lets the machine pass packets on between pods and Services. */
export function enableForwarding(): void {
  writeFileSync(settingFile('net/ipv4/ip_forward'), '1');
}

function readSetting(name: string): string {
  return readFileSync(settingFile(name), 'utf8').trim();
}
