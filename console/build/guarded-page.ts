import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { HtmlTagDescriptor, Plugin } from 'vite'

/** What the built page may load. The server sends the same policy as a header, with frame-ancestors added. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Mantine and mail previews bring their own <style>; a style cannot run code.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * Puts the content security policy into the built page, and the theme script in front of the first paint.
 *
 * The script is a file of its own with its hash in its name, so that the policy needs no exception for inline scripts.
 */
export function guardedPage(themeScript: string): Plugin {
  let address = ''
  let building = false
  return {
    name: 'holdfast-guarded-page',
    configResolved(config) {
      building = config.command === 'build'
    },
    buildStart() {
      if (!building) return
      const source = readFileSync(themeScript, 'utf8')
      const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8)
      address = `assets/theme-${hash}.js`
      this.emitFile({ type: 'asset', fileName: address, source })
    },
    transformIndexHtml(): HtmlTagDescriptor[] {
      if (!building) {
        return [{ tag: 'script', children: readFileSync(themeScript, 'utf8'), injectTo: 'head-prepend' }]
      }
      return [
        { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' },
        { tag: 'script', attrs: { src: `/${address}` }, injectTo: 'head-prepend' },
      ]
    },
  }
}
