/**
 * "Loyal buyers, DÉ" → "loyal-buyers-de": the small letters, digits and hyphens an id may have, at most 100.
 *
 * A name in another script has none of those; it gets the fallback.
 */
export function slug(name: string, fallback: string): string {
  const letters = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const id = letters.replace(/[^a-z0-9]+/g, '-').slice(0, 100).replace(/^-+|-+$/g, '')
  return id || (name.trim() ? fallback : '')
}
