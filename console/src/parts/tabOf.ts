/** The tab an address asks for; the first of a page's where it asks for none, or for one there is not: such a link is old, or mistyped. */
export const tabOf = (asked: string | undefined, tabs: readonly [string, ...string[]]): string => (asked !== undefined && tabs.includes(asked) ? asked : tabs[0])
