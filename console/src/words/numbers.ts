/** Numbers as the console writes them, in the reader's locale: 1,234; 48.2K; 13.1%; +3.0 points; a real minus sign; "–" for none. */
import { LOCALE, t } from './language'

const MINUS = '−'
export const NONE = '–'

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
// A language that has no short thousands writes them out, and then as it writes them elsewhere: 1.545.
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1, useGrouping: true })

const tenths = (value: number) => decimal(value, 1)

/** A number with so many digits after the point. */
export function decimal(value: number, digits: number): string {
  return realMinus(value.toLocaleString(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits }))
}

const realMinus = (text: string) => text.replace('-', MINUS)

export function count(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? NONE : realMinus(whole.format(value))
}

export function compact(value: number): string {
  return realMinus(short.format(value))
}

/** A share from 0 to 1 as a percentage; one digit after the point, two when it is tiny. */
export function percent(share: number | null | undefined, digits?: number): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NONE
  const places = digits ?? (share !== 0 && Math.abs(share) < 0.01 ? 2 : 1)
  return realMinus(share.toLocaleString(LOCALE, { style: 'percent', minimumFractionDigits: places, maximumFractionDigits: places }))
}

/** A number that always shows its sign, zero excepted. */
export function signed(value: number, digits = 1): string {
  return realMinus(value.toLocaleString(LOCALE, { signDisplay: 'exceptZero', minimumFractionDigits: digits, maximumFractionDigits: digits }))
}

/** A difference of two shares, in percentage points. */
export function points(difference: number, digits = 1): string {
  return t('{{amount}} points', { amount: signed(difference * 100, digits) })
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`
  if (size < 1_000_000) return `${tenths(size / 1000)} KB`
  return size < 1_000_000_000 ? `${tenths(size / 1_000_000)} MB` : `${tenths(size / 1_000_000_000)} GB`
}

export function milliseconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${tenths(ms / 1000)} s`
}
