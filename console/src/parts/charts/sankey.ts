/** A river from left to right: what leads to what, as wide as how often. */
import type { EChartsCoreOption } from 'echarts/core'
import type { Role, Roles } from './roles'
import { tip, TOOLTIP } from './tip'

export interface Stop {
  id: string
  name: string
  depth: number
  role: Role
}
export interface Stream {
  from: string
  to: string
  value: number
  heading: string
  lines: { name: string; value: string }[]
  /** What was clicked on, handed back as it is. */
  of: unknown
}

const shortened = (name: string) => (name.length > 22 ? `${name.slice(0, 21)}…` : name)

export function sankeyOption(stops: Stop[], streams: Stream[], roles: Roles, width: number): EChartsCoreOption {
  return {
    tooltip: {
      ...TOOLTIP,
      trigger: 'item',
      formatter: ({ data, dataType, name, value }: { data: Stream; dataType?: string; name: string; value: number }) =>
        dataType === 'edge' ? tip(data.heading, data.lines) : tip(stops.find(({ id }) => id === name)?.name ?? '', [{ name: '', value: String(value) }]),
    },
    series: [
      {
        type: 'sankey',
        left: 2,
        right: width > 560 ? 130 : 90,
        top: 8,
        bottom: 8,
        nodeWidth: 12,
        nodeGap: 14,
        draggable: false,
        emphasis: { focus: 'adjacency' },
        lineStyle: { color: roles['c-1'], opacity: 0.2, curveness: 0.5 },
        label: { color: roles.text, fontSize: 12, formatter: ({ name }: { name: string }) => shortened(stops.find(({ id }) => id === name)?.name ?? '') },
        data: stops.map(({ id, depth, role }) => ({ name: id, depth, itemStyle: { color: roles[role], borderWidth: 0 } })),
        links: streams.map((stream) => ({ ...stream, source: stream.from, target: stream.to })),
      },
    ],
  }
}
