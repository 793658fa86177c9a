import { t } from '~/words/language'

const BROWSERS: [pattern: RegExp, name: string][] = [
  [/\bEdg\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(?:Headless)?Chrom(?:e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const SYSTEMS: [pattern: RegExp, name: string][] = [
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

const found = (patterns: [RegExp, string][], device: string) => patterns.find(([pattern]) => pattern.test(device))?.[1]

/** What a browser says of itself, short enough to be read; the whole of it where nobody knows it. */
export function deviceWords(device: string): string {
  const browser = found(BROWSERS, device)
  const system = found(SYSTEMS, device)
  if (browser && system) return t('{{browser}} on {{system}}', { browser, system })
  return browser ?? (device.slice(0, 60) || t('unknown'))
}
