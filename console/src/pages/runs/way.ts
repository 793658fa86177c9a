/** The path of a flow: straight down, across in the gap between layers, down again; corners rounded. */

import type { Point } from './layout'

const RADIUS = 10
/** A lane this close is straight ahead; a jog of a few pixels would only look like a mistake. */
const STRAIGHT_PX = 8

/** All corners from the start to the end; crossings happen `rise` above the next stop. */
export function corners(start: Point, through: Point[], end: Point, rise: number): Point[] {
  const points = [start]
  let from = start
  for (const next of [...through, end]) {
    const near = next !== end && Math.abs(next.x - from.x) < STRAIGHT_PX
    const stop = near ? { x: from.x, y: next.y } : next
    if (Math.abs(stop.x - from.x) > 0.5) {
      const y = next === end ? end.y - rise : stop.y - 38 - rise
      points.push({ x: from.x, y }, { x: stop.x, y })
    }
    points.push(stop)
    from = stop
  }
  return points
}

/**
 * At the target's end; where several flows meet at one target, still on this flow's own way, so pills do not pile up:
 * below its first turn, or below its card where it goes on straight at first.
 */
export function pillAt(points: Point[], shared: boolean, rise: number): Point {
  const start = points[0]!
  const end = points.at(-1)!
  if (!shared) return { x: end.x, y: end.y - rise }
  const turn = points[2]
  return turn && turn.x !== start.x && points.length > 4 ? { x: turn.x, y: turn.y + rise } : { x: start.x, y: start.y + rise / 2 }
}

export function rounded(points: Point[]): string {
  const [first, ...rest] = points
  if (!first) return ''
  let path = `M${first.x} ${first.y}`
  rest.forEach((corner, i) => {
    const before = points[i]!
    const after = points[i + 2]
    if (!after) {
      path += `L${corner.x} ${corner.y}`
      return
    }
    const radius = Math.min(RADIUS, span(before, corner) / 2, span(corner, after) / 2)
    const a = toward(corner, before, radius)
    const b = toward(corner, after, radius)
    path += `L${a.x} ${a.y}Q${corner.x} ${corner.y} ${b.x} ${b.y}`
  })
  return path
}

const span = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y)

function toward(from: Point, to: Point, distance: number): Point {
  const whole = span(from, to) || 1
  return { x: from.x + ((to.x - from.x) * distance) / whole, y: from.y + ((to.y - from.y) * distance) / whole }
}
