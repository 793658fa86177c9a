/**
 * A small line over a pale floor, which is zero, and a dot at its end. Decoration: the number beside it says what matters.
 * Each value is of a span that is over: one that is not yet would look like a collapse.
 */
export function Sparkline({ values, width = 84, height = 28 }: { values: number[]; width?: number; height?: number }) {
  if (values.length < 2) return null
  const top = Math.max(...values)
  const x = (i: number) => 2 + (i / (values.length - 1)) * (width - 6)
  const y = (value: number) => height - 4 - (value / (top || 1)) * (height - 9)
  const line = values.map((value, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join('')
  const last = values.length - 1
  return (
    <svg width={width} height={height} aria-hidden="true">
      <path d={`${line}L${x(last)} ${y(0)}L${x(0)} ${y(0)}Z`} fill="var(--accent-soft)" />
      <path d={line} fill="none" stroke="var(--accent)" strokeWidth="1.5" strokeLinejoin="round" />
      <circle cx={x(last)} cy={y(values[last]!)} r="2.2" fill="var(--accent)" />
    </svg>
  )
}
