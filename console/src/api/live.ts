/** One shared stream per address: opened by its first reader, closed by its last, reopened when it drops. */

import { useCallback, useSyncExternalStore } from 'react'

export type LiveState = 'connecting' | 'live' | 'paused'

export interface LiveStatus {
  state: LiveState
  /** When the stream dropped, epoch milliseconds; null while it runs. */
  droppedAt: number | null
  /** When the last word came, epoch milliseconds. */
  heardAt: number | null
}

const RETRY_MS = 3_000
const STILL: LiveStatus = { state: 'connecting', droppedAt: null, heardAt: null }

type Hear = (name: string, data: unknown) => void

export class Stream {
  status: LiveStatus = STILL
  private source: EventSource | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly hearers = new Set<Hear>()
  private readonly watchers = new Set<() => void>()

  constructor(
    private readonly address: string,
    private readonly names: readonly string[],
  ) {}

  /** Hear every message; returns how to stop. */
  listen(hear: Hear): () => void {
    this.hearers.add(hear)
    if (!this.source) this.open()
    return () => {
      this.hearers.delete(hear)
      if (this.hearers.size === 0) this.close()
    }
  }

  watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed)
    return () => this.watchers.delete(changed)
  }

  private open() {
    clearTimeout(this.timer)
    const source = new EventSource(this.address)
    this.source = source
    source.onopen = () => this.become({ state: 'live', droppedAt: null })
    source.onerror = () => {
      this.become({ state: 'paused', droppedAt: this.status.droppedAt ?? Date.now() })
      // The browser retries by itself unless it was refused; then it is for us.
      if (source.readyState === EventSource.CLOSED && this.source === source) {
        this.timer = setTimeout(() => this.open(), RETRY_MS)
      }
    }
    for (const name of this.names) {
      source.addEventListener(name, (message) => {
        this.become({ state: 'live', droppedAt: null, heardAt: Date.now() })
        const data: unknown = JSON.parse((message as MessageEvent<string>).data)
        for (const hear of [...this.hearers]) hear(name, data)
      })
    }
  }

  private close() {
    clearTimeout(this.timer)
    this.source?.close()
    this.source = null
    this.become(STILL)
  }

  private become(next: Partial<LiveStatus>) {
    const changed = (next.state && next.state !== this.status.state) || next.droppedAt !== this.status.droppedAt
    this.status = { ...this.status, ...next }
    if (changed) for (const watcher of this.watchers) watcher()
  }
}

export const everything = new Stream('/api/live', ['tick', 'happened'])

export function useLiveStatus(stream: Stream): LiveStatus {
  return useSyncExternalStore(
    stream.watch,
    useCallback(() => stream.status, [stream]),
  )
}
