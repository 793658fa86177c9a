/** "Loyal buyers, DE" → "loyal-buyers-de": letters and digits of any script, joined by hyphens. */
export function slug(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '')
}
