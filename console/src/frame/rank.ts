/** What fits a few typed letters, the best first: its beginning, the beginning of a word, anywhere, the letters in order. */

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

export function rank<T extends { label: string }>(wanted: string, items: T[]): T[] {
  const letters = plain(wanted.trim())
  if (!letters) return items
  return items
    .map((item, at) => ({ item, at, fit: fit(letters, plain(item.label)) }))
    .filter(({ fit }) => fit > 0)
    .sort((one, other) => other.fit - one.fit || one.at - other.at)
    .map(({ item }) => item)
}

function fit(letters: string, label: string): number {
  if (label.startsWith(letters)) return 4
  const at = label.indexOf(letters)
  if (at > 0) return /[\p{L}\p{N}]/u.test(label[at - 1]!) ? 2 : 3
  return letters.length > 1 && inOrder(letters, label) ? 1 : 0
}

/** "nwsg" is in "new segment". */
function inOrder(letters: string, label: string): boolean {
  let from = 0
  for (const letter of letters) {
    from = label.indexOf(letter, from) + 1
    if (from === 0) return false
  }
  return true
}
