import { type Browser, type BrowserContext, chromium } from 'playwright-core';

const OPTIONS = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** Starts Debian's Chromium (or `CHROMIUM`), which asks nobody on the network for anything. */
export function launch(): Promise<Browser> {
  return chromium.launch(OPTIONS);
}

/** Starts it with a folder of settings. */
export function launchWithProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, OPTIONS);
}

/** The sizes that every page is looked at in. */
export const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;

/** The color schemes that every page is looked at in. */
export const SCHEMES = ['light', 'dark'] as const;
