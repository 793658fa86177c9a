import { encode } from 'uqr'

/** A text as a picture that telephones read. Drawn here: nobody else is told what it says. */
export function QrCode({ text, label, size = 184 }: { text: string; label: string; size?: number }) {
  const { data, size: cells } = encode(text, { ecc: 'M', border: 2 })
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  // Always dark on light, in either theme: telephones look for that.
  return (
    <svg role="img" aria-label={label} width={size} height={size} viewBox={`0 0 ${cells} ${cells}`} shapeRendering="crispEdges" style={{ background: 'var(--paper)', borderRadius: 8 }}>
      <path d={path} fill="var(--on-paper)" />
    </svg>
  )
}
