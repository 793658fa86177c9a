/** One door to the server: same origin, cookie session, JSON both ways. */
import { language, t } from '~/words/language'

export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly path: string | null
  readonly hint: string | null
  /** Whatever else was said: of `moved_on`, by whom, when and to which version. */
  readonly told: Record<string, unknown>

  constructor(status: number, body: { code?: string; message?: string; path?: string | null; hint?: string | null } & Record<string, unknown>) {
    super(body.message ?? t('The server answered {{status}}.', { status: String(status) }))
    this.name = 'Refusal'
    this.status = status
    this.code = body.code ?? `http_${status}`
    this.path = body.path ?? null
    this.hint = body.hint ?? null
    this.told = body
  }
}

export class Unreachable extends Error {
  constructor(cause: unknown) {
    super(t('The server did not answer.'), { cause })
    this.name = 'Unreachable'
  }
}

/** What was asked for would contact people, and waits for a second person: nothing was done yet. */
export class AwaitsApproval extends Refusal {
  readonly approval: number

  constructor(approval: { id: number }) {
    super(202, {
      code: 'awaits_approval',
      message: t('It waits for a second person to approve it.'),
      hint: t('Whoever may approve finds it under Approvals.'),
    })
    this.name = 'AwaitsApproval'
    this.approval = approval.id
  }
}

let onWaiting = () => {}

/** Called whenever something was asked for that a second person has to approve. */
export function whenWaiting(act: () => void) {
  onWaiting = act
}

let csrf = ''

/** What the session gave to be sent with every change: another site's page cannot know it. */
export function keepCsrf(token: string | undefined) {
  csrf = token ?? ''
}

let onSignedOut = () => {}

/** Called whenever an answer says that the session is over. */
export function whenSignedOut(act: () => void) {
  onSignedOut = act
}

/** A list is said by its name again and again. */
type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>

export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as const))
  const text = new URLSearchParams(pairs.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([name, value]) => [name, String(value)])).toString()
  return text ? `${path}?${text}` : path
}

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, named?: string): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(named ? { 'Holdfast-Query': named } : {}),
        ...(csrf && method !== 'GET' ? { 'Holdfast-Csrf': csrf } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new Unreachable(cause)
  }
  // No answer comes before the words to show it with.
  const [text] = await Promise.all([response.text(), words])
  if (response.ok) {
    const said: unknown = text ? JSON.parse(text) : null
    const asked = response.status === 202 ? (said as { approval?: { id: number } } | null)?.approval : undefined
    if (!asked) return said as T
    onWaiting()
    throw new AwaitsApproval(asked)
  }
  if (response.status === 401 && path !== '/session') onSignedOut()
  throw new Refusal(response.status, await refusalBody(text))
}

/** What the server says is English; these are the words to say it with to whoever reads another language. */
const words = language() === 'en' ? null : import('~/words/told').then(async (told) => (await told.learnTold(), told)).catch(() => null)

async function refusalBody(text: string) {
  try {
    const body = (JSON.parse(text) as { error?: { code?: string; message?: string } }).error ?? {}
    return (await words)?.toldRefusal(body) ?? body
  } catch {
    return {}
  }
}

export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal) =>
  ask<T>('GET', address(path, query), undefined, signal)
/** `named`: an id of our own making, to follow a long question by. */
export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal, named?: string) => ask<T>('POST', path, body, signal, named)
export const put = <T>(path: string, body: unknown) => ask<T>('PUT', path, body)
export const remove = <T>(path: string) => ask<T>('DELETE', path)

/** A file as it is, with how much of it has gone out so far; the answer comes once the server has read all of it. */
export function upload<T>(path: string, query: Query, file: Blob, progress: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest()
    call.open('POST', address(path, query))
    call.setRequestHeader('Content-Type', 'application/octet-stream')
    if (csrf) call.setRequestHeader('Holdfast-Csrf', csrf)
    call.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 1)
    call.onerror = () => reject(new Unreachable(null))
    call.onabort = () => reject(new DOMException('', 'AbortError'))
    signal?.addEventListener('abort', () => call.abort())
    call.onload = () => {
      if (call.status >= 200 && call.status < 300) return resolve((call.responseText ? JSON.parse(call.responseText) : null) as T)
      if (call.status === 401) onSignedOut()
      void refusalBody(call.responseText).then((body) => reject(new Refusal(call.status, body)))
    }
    call.send(file)
  })
}

/** A path whose parts are data: every part is escaped, so an id with a slash stays one part. */
export function route(strings: TemplateStringsArray, ...parts: (string | number)[]): string {
  return strings.reduce((whole, text, i) => whole + text + (i < parts.length ? encodeURIComponent(parts[i]!) : ''), '')
}
