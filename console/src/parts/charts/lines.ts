/** Lines over time, and bars: the same data, two shapes. */
import type { EChartsCoreOption } from 'echarts/core'
import { type Picked, ROOM_FOR_LABELS } from './Chart'
import type { Role, Roles } from './roles'
import { tip, TOOLTIP } from './tip'

export interface Series {
  name: string
  values: (number | null)[]
  role: Role
  /** Drawn thin and dashed, behind the others: what it is compared with. */
  beside?: boolean
}

export interface Lines {
  /** What stands under the axis, and in full beside the pointer. */
  across: { short: string; full: string }[]
  series: Series[]
  /** Those that are not over, and may still rise. */
  open: ReadonlySet<number>
  openWords: string
  write: (value: number) => string
  writeShort: (value: number) => string
  bars?: boolean
  stacked?: boolean
  /** The axis need not begin at zero, as where a share moves little; bars always do. */
  most?: number
  /** What the numbers under the axis are, where they do not say so: "Days". */
  acrossName?: string
}

const LABEL_MOST = 150
const CHARACTER = 6.6
const TICKS = 5

const shortened = (name: string) => (name.length > 24 ? `${name.slice(0, 23)}…` : name)

export function linesOption(lines: Lines, roles: Roles, width: number): EChartsCoreOption {
  const labelled = !lines.bars && lines.series.length > 1
  const room = labelled && width > ROOM_FOR_LABELS ? Math.min(LABEL_MOST, 16 + CHARACTER * Math.max(...lines.series.map(({ name }) => shortened(name).length))) : 18
  const every = Math.max(1, Math.ceil(lines.across.length / Math.max(2, Math.floor((width - room - 50) / 64))))
  return {
    grid: { top: 14, left: 4, right: room, bottom: lines.acrossName ? 20 : 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      ...TOOLTIP,
      trigger: 'axis',
      axisPointer: lines.bars ? { type: 'shadow', shadowStyle: { color: roles.hover, opacity: 0.6 } } : { type: 'line', lineStyle: { color: roles['line-strong'] } },
      formatter: (points: unknown) => tipOf(lines, roles, (points as { dataIndex: number }[])[0]?.dataIndex ?? 0),
    },
    xAxis: {
      type: 'category',
      boundaryGap: Boolean(lines.bars),
      data: lines.across.map(({ short }) => short),
      ...(lines.acrossName ? { name: lines.acrossName, nameLocation: 'middle', nameGap: 24, nameTextStyle: { color: roles['text-2'], fontSize: 11 } } : {}),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: roles['text-2'], fontSize: 11, interval: (index: number) => index % every === 0, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      splitNumber: TICKS,
      ...(lines.most === undefined ? {} : { max: lines.most }),
      axisLabel: { color: roles['text-2'], fontSize: 11, formatter: (value: number) => lines.writeShort(value) },
      splitLine: { lineStyle: { color: roles.line } },
    },
    series: lines.bars ? bars(lines, roles) : drawnLines(lines, roles, labelled && width > ROOM_FOR_LABELS),
  }
}

function drawnLines(lines: Lines, roles: Roles, labelled: boolean) {
  const dodge = dodging()
  return lines.series.flatMap((one) => line(one, lines, roles, labelled, dodge))
}

interface LabelPlace {
  seriesIndex?: number
  labelRect: { y: number; height: number }
}
const LABEL_HEIGHT = 13

/** Moves a label off those that were put down before it, up or down, whichever is nearer. */
function dodging() {
  const taken = new Map<number, number>()
  return ({ seriesIndex = 0, labelRect: { y, height } }: LabelPlace) => {
    // The same one again: everything is put down anew.
    if (taken.has(seriesIndex)) taken.clear()
    const wanted = y + height / 2
    const places = [...taken.values()].flatMap((other) => [other + LABEL_HEIGHT, other - LABEL_HEIGHT])
    const free = [wanted, ...places].filter((place) => place > 0 && [...taken.values()].every((other) => Math.abs(other - place) >= LABEL_HEIGHT - 0.5))
    const best = free.sort((one, other) => Math.abs(one - wanted) - Math.abs(other - wanted))[0] ?? wanted
    taken.set(seriesIndex, best)
    return { y: best - height / 2 }
  }
}

/** A line, dashed where the period is not over. The dashes are a line of their own, from the last whole point on. */
function line(one: Series, lines: Lines, roles: Roles, labelled: boolean, labelLayout: ReturnType<typeof dodging>) {
  const colour = roles[one.role]
  const last = one.values.findLastIndex((value) => value !== null)
  const common = {
    type: 'line' as const,
    name: one.name,
    symbol: 'circle',
    showAllSymbol: true,
    z: one.beside ? 2 : 3,
    emphasis: { disabled: true },
    labelLayout,
  }
  const mark = (index: number) => ({
    symbolSize: index === last && !one.beside ? 5 : one.values.length === 1 ? 6 : 0,
    label: { show: labelled && index === last, position: 'right' as const, distance: 7, color: roles['text-2'], fontSize: 11, formatter: () => shortened(one.name) },
    itemStyle: { color: colour },
  })
  const data = (shown: (index: number) => boolean) => one.values.map((value, index) => ({ value: shown(index) ? value : null, ...mark(index) }))
  const style = { color: colour, width: one.beside ? 1.5 : 2, type: one.beside ? ('dashed' as const) : ('solid' as const) }
  const whole = (index: number) => !lines.open.has(index)
  const dashed = (index: number) => lines.open.has(index) || lines.open.has(index + 1) || lines.open.has(index - 1)
  if (one.beside || lines.open.size === 0) return [{ ...common, data: data(() => true), lineStyle: style }]
  return [
    { ...common, data: data(whole), lineStyle: style },
    { ...common, data: data(dashed), lineStyle: { ...style, type: [4, 4] } },
  ]
}

function bars(lines: Lines, roles: Roles) {
  return lines.series.map((one) => ({
    type: 'bar' as const,
    name: one.name,
    ...(lines.stacked ? { stack: 'all' } : {}),
    barMaxWidth: 46,
    barCategoryGap: '28%',
    emphasis: { disabled: true },
    data: one.values.map((value, index) => ({
      value,
      itemStyle: {
        color: roles[one.role],
        borderRadius: lines.stacked ? 0 : 3,
        ...(lines.open.has(index) ? { decal: hatch(roles) } : {}),
      },
    })),
  }))
}

const hatch = (roles: Roles) => ({ symbol: 'rect', color: roles.surface, dashArrayX: [1, 0], dashArrayY: [3, 4], rotation: -Math.PI / 4 })

function tipOf(lines: Lines, roles: Roles, index: number) {
  const told = lines.series.flatMap(({ name, values, role }) => {
    const value = values[index]
    return value === null || value === undefined ? [] : [{ name, value: lines.write(value), colour: roles[role] }]
  })
  return tip(lines.across[index]?.full ?? '', told, lines.open.has(index) ? lines.openWords : undefined)
}

/** Which point of which series a click is nearest to; null off the chart. */
export function nearest({ chart, x, y }: Picked, lines: Lines): { series: number; index: number } | null {
  if (!chart.containPixel('grid', [x, y])) return null
  const [across, up] = chart.convertFromPixel({ gridIndex: 0 }, [x, y]) as [number, number]
  const index = Math.max(0, Math.min(lines.across.length - 1, Math.round(across)))
  if (lines.stacked) return stackedAt(lines, index, up)
  const away = lines.series.map(({ values }, series) => ({ series, gap: values[index] == null ? Infinity : Math.abs(values[index] - up) }))
  const best = away.reduce((one, other) => (other.gap < one.gap ? other : one), { series: -1, gap: Infinity })
  return best.series < 0 ? null : { series: best.series, index }
}

function stackedAt(lines: Lines, index: number, up: number): { series: number; index: number } | null {
  let sum = 0
  for (const [series, { values }] of lines.series.entries()) {
    const value = values[index] ?? 0
    if (Math.sign(value) !== Math.sign(up)) continue
    sum += value
    if (Math.abs(up) <= Math.abs(sum)) return { series, index }
  }
  return null
}
