/** What can be put into a journey: every kind of step the server knows, those that say something once for each channel. */

import { channelName } from '~/words/happenings'
import type { Fields } from '../graph'
import { stepKind } from '../looks'
import type { Definition, Place } from './draft'
import { exitsOf, startOf, stepOf, stepsOf } from './draft'
import { aboutKind, type Kinds, newStep, onwardOf, openWays, type StepKind } from './kinds'

export interface Entry {
  key: string
  label: string
  help: string
  kind: StepKind
  /** Empty where it is no matter of a channel. */
  channel: string
  /** Under which id it is put in. */
  wanted: string
}

const NO_HELP: ReadonlyMap<string, string> = new Map()

export type PaletteFamily = 'message' | 'logic' | 'end'

export const DRAGGED = 'application/x-holdfast-step'

/** In order of family; starts are not among them, for a journey has one and keeps it. */
export function entriesOf(kinds: Kinds, channelHelp: ReadonlyMap<string, string> = NO_HELP): Record<PaletteFamily, Entry[]> {
  const found: Record<PaletteFamily, Entry[]> = { message: [], logic: [], end: [] }
  for (const kind of kinds.steps.values()) {
    if (kind.family === 'start') continue
    const help = aboutKind(kind).split(/(?<=[.!?])\s/)[0] ?? ''
    const channels = kind.fields.properties?.['channel']?.enum
    if (channels) {
      for (const channel of channels.map(String)) {
        found[kind.family].push({ key: `${kind.name}:${channel}`, label: channelName(channel), help: channelHelp.get(channel) ?? help, kind, channel, wanted: channel.replace(/_/g, '-') })
      }
    } else {
      found[kind.family].push({ key: kind.name, label: stepKind(kind.name, kind.label), help, kind, channel: '', wanted: kind.name.replace(/_/g, '-') })
    }
  }
  return found
}

export const entryCalled = (kinds: Kinds, key: string): Entry | null =>
  Object.values(entriesOf(kinds)).flat().find((entry) => entry.key === key) ?? null

/** A new step of the entry, and by which exits it goes on to what comes after it. */
export function stepFor(entry: Entry): { step: Fields; onward: string[] } {
  const step = newStep(entry.kind, entry.channel ? { channel: entry.channel, template: {} } : {})
  return { step, onward: onwardOf(entry.kind, step) }
}

/** Where a step goes that is put in after another: where its exits are open, else between it and what comes next. */
export function placeAfter(definition: Definition, kinds: Kinds, id: string | null): Place | null {
  const at = id !== null && id in stepsOf(definition) ? id : null
  if (at === null) return firstOpen(definition, kinds) ?? placeAt(definition, kinds, startOf(definition))
  return placeAt(definition, kinds, at) ?? placeBefore(definition, at)
}

function firstOpen(definition: Definition, kinds: Kinds): Place | null {
  for (const id of Object.keys(stepsOf(definition))) {
    const place = openAt(definition, kinds, id)
    if (place) return place
  }
  return null
}

function openAt(definition: Definition, kinds: Kinds, id: string): Place | null {
  const step = stepOf(definition, id)
  const kind = kinds.steps.get(String(step['type']))
  const open = openWays(step, kind)
  if (open.length === 0) return null
  return { from: id, exits: kind?.family === 'message' ? open : [open[0]!] }
}

function placeAt(definition: Definition, kinds: Kinds, id: string): Place | null {
  const open = openAt(definition, kinds, id)
  if (open) return open
  const exits = Object.entries(exitsOf(stepOf(definition, id)))
  const first = exits[0]
  return first ? { from: id, exits: exits.filter(([, to]) => to === first[1]).map(([exit]) => exit) } : null
}

function placeBefore(definition: Definition, id: string): Place | null {
  for (const [from, step] of Object.entries(stepsOf(definition))) {
    const exits = Object.entries(exitsOf(step)).filter(([, to]) => to === id)
    if (exits.length > 0) return { from, exits: exits.map(([exit]) => exit) }
  }
  return null
}
