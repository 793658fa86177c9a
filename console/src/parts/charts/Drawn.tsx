import type { EChartsType } from 'echarts/core'
import { useEffect, useRef } from 'react'
import { type ChartProps, useLatest } from './Chart'
import styles from './Chart.module.css'
import { init } from './echarts'
import { useRoles } from './roles'

const EASE_MS = 320

/** The drawing itself; never in the first page's script. */
export default function Drawn({ option, height, width, still, onPick, onMark }: ChartProps & { width: number; still: boolean }) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(null)
  const roles = useRoles()
  const pick = useLatest(onPick)
  const mark = useLatest(onMark)
  useEffect(() => {
    const made = init(place.current!, null, { renderer: 'svg', width, height })
    chart.current = made
    made.getZr().on('click', ({ offsetX, offsetY }) => pick.current?.({ chart: made, x: offsetX, y: offsetY }))
    made.on('click', ({ data }) => mark.current?.(data))
    return () => {
      chart.current = null
      made.dispose()
    }
    // Made once; its size follows below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  useEffect(() => {
    chart.current?.resize({ width, height })
    chart.current?.setOption({ animation: !still, animationDuration: EASE_MS, animationDurationUpdate: EASE_MS, textStyle: { fontFamily: 'Inter Variable, system-ui, sans-serif' }, ...option(roles, width) }, { notMerge: true })
  }, [option, roles, width, height, still])
  return <div ref={place} className={styles.drawn} data-pick={onPick !== undefined || undefined} />
}
