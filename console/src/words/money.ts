import { LOCALE } from './language'

const formats = new Map<string, Intl.NumberFormat>()

function formatFor(currency: string): Intl.NumberFormat {
  let format = formats.get(currency)
  if (!format) {
    try {
      format = new Intl.NumberFormat(LOCALE, { style: 'currency', currency })
    } catch {
      // A currency nobody registered still deserves its number and its letters.
      format = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
    }
    formats.set(currency, format)
  }
  return format
}

/** How many minor units make one: 100 for EUR, 1 for JPY. */
export function minorPerMajor(currency: string): number {
  return 10 ** (formatFor(currency).resolvedOptions().maximumFractionDigits ?? 2)
}

export function money(minor: number, currency: string, sign = false): string {
  return moneyMajor(minor / minorPerMajor(currency), currency, sign)
}

/** As it stands beside an axis: €40k. */
export function moneyShort(minor: number, currency: string): string {
  const major = minor / minorPerMajor(currency)
  let text: string
  try {
    text = Math.abs(major).toLocaleString(LOCALE, { style: 'currency', currency, notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 1 })
  } catch {
    text = Math.abs(major).toLocaleString(LOCALE, { notation: 'compact', maximumFractionDigits: 1 })
  }
  return major < 0 ? `−${text}` : text
}

/** Holds a sign and what follows it on one line: between "−" and "€" a line may end otherwise. */
const JOINED = '\u2060'

export function moneyMajor(major: number, currency: string, sign = false): string {
  const text = formatFor(currency).format(Math.abs(major)).replace(/ /g, '\u00a0')
  if (major < 0) return `−${JOINED}${text}`
  return sign && major > 0 ? `+${JOINED}${text}` : text
}
