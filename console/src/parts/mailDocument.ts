/**
 * A mail's HTML made safe to look at, for a frame that is sandboxed besides.
 *
 * The frame may run nothing and is no part of this origin. This removes what would leave the page without running:
 * remote images and styles (reading a mail here must not count as an open), frames, forms, refreshes; and links open
 * nowhere, for the list under the mail is where they are followed.
 */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"

const UNWANTED = 'script, base, link, meta, iframe, frame, object, embed, form'

export function mailDocument(html: string): string {
  const parsed = new DOMParser().parseFromString(html, 'text/html')
  for (const element of parsed.querySelectorAll(UNWANTED)) element.remove()
  for (const element of parsed.querySelectorAll('*')) {
    for (const { name } of [...element.attributes]) {
      if (name.startsWith('on') || (name.endsWith('href') && !leads(element.getAttribute(name) ?? '')) || name === 'target' || name === 'ping' || name === 'srcset') element.removeAttribute(name)
    }
  }
  for (const style of parsed.querySelectorAll('style')) style.textContent = kept(style.textContent)
  for (const styled of parsed.querySelectorAll('[style]')) styled.setAttribute('style', kept(styled.getAttribute('style') ?? ''))
  for (const image of parsed.querySelectorAll('img')) {
    if (!image.src.startsWith('data:')) image.replaceWith(image.alt)
  }
  const head = [
    ['meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }],
    ['meta', { charset: 'utf-8' }],
    // A sandbox without popups opens nothing in a new window; without this, a link would replace the mail.
    ['base', { target: '_blank' }],
  ] as const
  parsed.head.prepend(
    ...head.map(([name, attributes]) => {
      const element = parsed.createElement(name)
      for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
      return element
    }),
  )
  return `<!doctype html>${parsed.documentElement.outerHTML}`
}

/** A style without what it would fetch. What gets past this, spelt as only CSS can, the policy still refuses. */
const kept = (css: string) => css.replace(/@import[^;]*(;|$)/gi, '').replace(/url\(\s*(?!["']?data:)[^)]*\)/gi, 'none')

/** Whether a link in a mail leads anywhere: never by running something. */
const leads = (address: string) => openable(address) || /^(mailto:|tel:|sms:|#)/i.test(address.trim())

/** Only addresses a browser opens as a page; never javascript: or data:. */
export function openable(url: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(url).protocol)
  } catch {
    return false
  }
}
