/** The pictures of a trial: effects over time with their bands, people over time, shares of paths. */
import type { EChartsCoreOption } from 'echarts/core'
import { type Role, type Roles, SERIES } from '~/parts/charts/roles'
import { tip, TOOLTIP } from '~/parts/charts/tip'

export interface Across {
  short: string
  full: string
}

export interface Banded {
  name: string
  role: Role
  points: ({ value: number; low: number; high: number } | null)[]
}

interface Bands {
  across: Across[]
  series: Banded[]
  write: (value: number) => string
  writeShort: (value: number) => string
  /** How an interval is written beside the pointer. */
  interval: (low: string, high: string) => string
}

const CHARACTER = 6.6
const LABEL_MOST = 150
/** What of a picture's height is not its lines: room above, and the axis below. */
const FRAME = 36

const shortened = (name: string) => (name.length > 22 ? `${name.slice(0, 21)}…` : name)
const roomFor = (names: string[], width: number) => (width > 480 ? Math.min(LABEL_MOST, 18 + CHARACTER * Math.max(...names.map((name) => shortened(name).length))) : 18)

export const roleOf = (index: number): Role => SERIES[index % SERIES.length]!

function frame(across: Across[], names: string[], roles: Roles, width: number) {
  const room = roomFor(names, width)
  const every = Math.max(1, Math.ceil(across.length / Math.max(2, Math.floor((width - room - 50) / 64))))
  return {
    grid: { top: 14, left: 4, right: room, bottom: 4, outerBoundsMode: 'same' as const, outerBoundsContain: 'axisLabel' as const },
    xAxis: {
      type: 'category' as const,
      boundaryGap: false,
      data: across.map(({ short }) => short),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: roles['text-2'], fontSize: 11, interval: (index: number) => index % every === 0, hideOverlap: true },
    },
  }
}

const valueAxis = (roles: Roles, writeShort: (value: number) => string, ends: { min?: number; max?: number }) => ({
  type: 'value' as const,
  splitNumber: 5,
  ...ends,
  axisLabel: { color: roles['text-2'], fontSize: 11, formatter: writeShort, showMinLabel: ends.min === undefined, showMaxLabel: ends.max === undefined || ends.max === 1 },
  splitLine: { lineStyle: { color: roles.line } },
})

const pointer = (roles: Roles) => ({ type: 'line' as const, lineStyle: { color: roles['line-strong'] } })

/** The first intervals are so wide that nothing else could be seen: they may leave the picture. */
function reach(series: Banded[]): { min: number; max: number } {
  const ends = series.flatMap(({ points }) => {
    const told = points.filter((point) => point !== null)
    return told.slice(Math.floor(told.length / 3)).flatMap(({ low, high }) => [low, high])
  })
  const low = Math.min(0, ...ends)
  const high = Math.max(0, ...ends)
  const air = (high - low || 1) * 0.08
  return { min: low - air, max: high + air }
}

const LABEL_HEIGHT = 14
const NARROW = 0.06

/** By how many pixels labels at the lines' ends move, so that none lies on another; those of the highest first. */
export function spread(ends: (number | null)[], span: number, height: number): number[] {
  const at = ends.map((end, index) => ({ index, y: end === null || span === 0 ? null : -(end / span) * height }))
  const moved = ends.map(() => 0)
  let free = -Infinity
  for (const { index, y } of at.filter((each): each is { index: number; y: number } => each.y !== null).toSorted((one, other) => one.y - other.y)) {
    const place = Math.max(y, free)
    moved[index] = place - y
    free = place + LABEL_HEIGHT
  }
  return moved
}

/** Lines with the interval about them as a pale band, and a dashed line at zero. */
export function bandsOption(bands: Bands, roles: Roles, width: number, height: number): EChartsCoreOption {
  const names = bands.series.map(({ name }) => name)
  const ends = reach(bands.series)
  const moved = spread(bands.series.map(({ points }) => points.findLast((point) => point !== null)?.value ?? null), ends.max - ends.min, height - FRAME)
  return {
    ...frame(bands.across, names, roles, width),
    yAxis: valueAxis(roles, bands.writeShort, ends),
    tooltip: {
      ...TOOLTIP,
      trigger: 'axis',
      axisPointer: pointer(roles),
      formatter: (points: unknown) => {
        const index = (points as { dataIndex: number }[])[0]?.dataIndex ?? 0
        const told = bands.series.flatMap(({ name, role, points: all }) => {
          const point = all[index]
          if (!point) return []
          const value = `${bands.write(point.value)} (${bands.interval(bands.writeShort(point.low), bands.writeShort(point.high))})`
          return [{ name, value, colour: roles[role] }]
        })
        return tip(bands.across[index]?.full ?? '', told)
      },
    },
    series: [
      { type: 'line', name: '0', silent: true, symbol: 'none', z: 1, data: bands.across.map(() => 0), lineStyle: { color: roles['text-3'], width: 1, type: [4, 4] } },
      ...bands.series.flatMap((one, i) => band(one, roles, width, moved[i] ?? 0)),
    ],
  }
}

function band({ name, role, points }: Banded, roles: Roles, width: number, moved: number) {
  const last = points.findLastIndex((point) => point !== null)
  const under = { type: 'line' as const, stack: `band of ${name}`, stackStrategy: 'all' as const, symbol: 'none', silent: true, z: 2, lineStyle: { opacity: 0 }, emphasis: { disabled: true } }
  return [
    { ...under, data: points.map((point) => point?.low ?? null) },
    { ...under, data: points.map((point) => (point ? point.high - point.low : null)), areaStyle: { color: roles[role], opacity: 0.14 } },
    {
      type: 'line' as const,
      name,
      symbol: 'circle',
      showAllSymbol: true,
      z: 4,
      emphasis: { disabled: true },
      lineStyle: { color: roles[role], width: 2 },
      data: points.map((point, index) => ({
        value: point?.value ?? null,
        symbolSize: index === last ? 6 : 0,
        itemStyle: { color: roles[role] },
        label: { show: width > 480 && index === last, position: 'right' as const, distance: 7, offset: [0, moved], color: roles['text-2'], fontSize: 11, formatter: () => shortened(name) },
      })),
    },
  ]
}

export interface Plain {
  name: string
  role: Role
  values: (number | null)[]
}

interface Pictured {
  across: Across[]
  series: Plain[]
  write: (value: number) => string
  writeShort: (value: number) => string
}

/** How many people there were, a line a variant. */
export function countsOption(picture: Pictured, roles: Roles, width: number, height: number): EChartsCoreOption {
  const top = Math.max(1, ...picture.series.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const moved = spread(picture.series.map(({ values }) => values.at(-1) ?? null), top * 1.08, height - FRAME)
  return {
    ...frame(picture.across, picture.series.map(({ name }) => name), roles, width),
    yAxis: valueAxis(roles, picture.writeShort, {}),
    tooltip: shared(picture, roles),
    series: picture.series.map(({ name, role, values }, i) => ({
      type: 'line' as const,
      name,
      symbol: 'circle',
      showAllSymbol: true,
      emphasis: { disabled: true },
      lineStyle: { color: roles[role], width: 2 },
      data: values.map((value, index) => ({
        value,
        symbolSize: index === values.length - 1 ? 5 : 0,
        itemStyle: { color: roles[role] },
        label: { show: width > 480 && index === values.length - 1, position: 'right' as const, distance: 7, offset: [0, moved[i] ?? 0], color: roles['text-2'], fontSize: 11, formatter: () => shortened(name) },
      })),
    })),
  }
}

/** What adds up to all, as areas one upon the other; each value holds until the next. */
export function sharesOption(picture: Pictured, roles: Roles, width: number, height: number): EChartsCoreOption {
  return {
    ...frame(picture.across, picture.series.map(({ name }) => name), roles, width),
    yAxis: valueAxis(roles, picture.writeShort, { min: 0, max: 1 }),
    tooltip: shared(picture, roles),
    series: picture.series.map(({ name, role, values }) => {
      const last = values.at(-1) ?? 0
      return {
        type: 'line' as const,
        name,
        stack: 'shares',
        step: 'end' as const,
        symbol: 'none',
        showSymbol: false,
        emphasis: { disabled: true },
        lineStyle: { color: roles.surface, width: 1 },
        areaStyle: { color: roles[role], opacity: 0.88 },
        // In the middle of its area, where there is room for it; the table below names every colour.
        endLabel: { show: width > 480 && last > NARROW, color: roles['text-2'], fontSize: 11, distance: 7, offset: [0, (last / 2) * (height - FRAME)], formatter: () => shortened(name) },
        data: values,
      }
    }),
  }
}

const shared = ({ across, series, write }: Pictured, roles: Roles) => ({
  ...TOOLTIP,
  trigger: 'axis',
  axisPointer: pointer(roles),
  formatter: (points: unknown) => {
    const index = (points as { dataIndex: number }[])[0]?.dataIndex ?? 0
    const told = series.flatMap(({ name, role, values }) => {
      const value = values[index]
      return value === null || value === undefined ? [] : [{ name, value: write(value), colour: roles[role] }]
    })
    return tip(across[index]?.full ?? '', told)
  },
})
