const AMOUNT = /((?:at least|at most|exactly|more than|less than|fewer than|between|mindestens|höchstens|genau|größer als|kleiner als|zwischen) [^\s,.]+(?: (?:and|und) [\d.]+)?)/g

/** Plain words with their amounts in bold, so that a long sentence can be checked at a glance. */
export function Emphasised({ text }: { text: string }) {
  return text.split(AMOUNT).map((part, i) => (i % 2 === 1 ? <b key={i}>{part}</b> : part))
}
