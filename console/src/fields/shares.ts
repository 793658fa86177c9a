/** Shares of people: that they add up, and how they are divided. */

const MILLION = 1_000_000

/** What they add up to; to a millionth, for ten times 0.1 is not 1 to a computer. */
export const whole = (shares: [string, number][]): number => Math.round(shares.reduce((total, [, share]) => total + share, 0) * MILLION) / MILLION

/** Each the same, the last one what is left, so that they add up to 1. */
export function evenly(names: string[]): [string, number][] {
  const each = Math.floor(MILLION / names.length) / MILLION
  return names.map((name, i) => [name, i === names.length - 1 ? Math.round((1 - each * (names.length - 1)) * MILLION) / MILLION : each])
}

/** "a", "b", …, "z", "way-27": the first that is free. */
export function freeName(taken: string[]): string {
  for (let number = 0; ; number++) {
    const name = number < 26 ? String.fromCharCode(97 + number) : `way-${number + 1}`
    if (!taken.includes(name)) return name
  }
}
