import { useElementSize, useReducedMotion } from '@mantine/hooks'
import type { EChartsCoreOption, EChartsType } from 'echarts/core'
import { lazy, Suspense, useEffect, useRef } from 'react'
import styles from './Chart.module.css'
import type { Role, Roles } from './roles'

/** A place in the picture that was clicked on: in pixels, with the chart to reckon from. */
export interface Picked {
  chart: EChartsType
  x: number
  y: number
}

export interface ChartProps {
  /** The picture, built from colours by role; the same function as long as nothing in it changes. */
  option: (roles: Roles, width: number) => EChartsCoreOption
  height: number
  /** What the colours mean, where no label at the end of a line says so: of bars, and of lines where there is no room. */
  legend?: { of: { name: string; role: Role }[]; always: boolean }
  /** What the picture shows, for those who do not see it. */
  label: string
  onPick?: (picked: Picked) => void
  /** A mark was clicked on: its data, as given in the option. */
  onMark?: (data: unknown) => void
}

/** Narrower than this, lines have no labels at their ends. */
export const ROOM_FOR_LABELS = 480

const Drawn = lazy(() => import('./Drawn'))

/** The one way in to ECharts, which is loaded with the first chart. */
export function Chart(props: ChartProps) {
  const { ref, width } = useElementSize()
  const still = useReducedMotion() ?? false
  return (
    <>
      {props.legend && props.legend.of.length > 1 && (props.legend.always || (width > 0 && width <= ROOM_FOR_LABELS)) && <Legend of={props.legend.of} />}
      <div ref={ref} className={styles.chart} style={{ blockSize: props.height }} role="img" aria-label={props.label}>
        <Suspense>{width > 0 && <Drawn {...props} width={width} still={still} />}</Suspense>
      </div>
    </>
  )
}

/** In the order of the marks. */
function Legend({ of }: { of: { name: string; role: Role }[] }) {
  return (
    <ul className={styles.legend}>
      {of.map(({ name, role }, i) => (
        <li key={i} title={name}>
          <i style={{ background: `var(--${role})` }} aria-hidden="true" />
          <span className="cut">{name}</span>
        </li>
      ))}
    </ul>
  )
}

/** Calls the latest of several functions: what hears a click is set up once. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  })
  return latest
}
