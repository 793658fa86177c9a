/** What names mean, of those of which somebody wrote it down. */
export const meaningsOf = (names: readonly { name: string; meaning?: string }[]): ReadonlyMap<string, string> =>
  new Map(names.flatMap(({ name, meaning }) => (meaning ? [[name, meaning] as const] : [])))
