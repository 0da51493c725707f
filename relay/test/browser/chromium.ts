import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);
const PROGRAM = '/usr/bin/chromium';
const INSTALL_MS = 300_000;
const LAUNCH_MS = 120_000;

/** Chromium must neither look for updates nor for Google: the tests have no network but loopback. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/**
 * Starts Debian's Chromium without a window, with an empty profile. Where it is missing and this is root, it is installed.
 * @throws when there is none and it cannot be installed
 */
export async function launchChromium(): Promise<Browser> {
  if (!existsSync(PROGRAM)) await install();
  return chromium.launch({ executablePath: PROGRAM, args: FLAGS, headless: true, timeout: LAUNCH_MS });
}

async function install(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error(`${PROGRAM} is missing: install Debian's package chromium`);
  const options = {
    timeout: INSTALL_MS,
    maxBuffer: 2 ** 26,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  await run('apt-get', ['update', '-q'], options);
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'chromium'], options);
}
