import { useMemo, useRef } from 'react'
import { t } from '~/words/language'
import { type Fault, tokens } from './asked'
import styles from './Sql.module.css'

interface Props {
  query: string
  fault: Fault | null
  set: (query: string) => void
  run: () => void
  field: React.RefObject<HTMLTextAreaElement | null>
}

/**
 * A text field, over the same text in colours. The field is what is typed in, read aloud and selected; the colours
 * and the mark under what is wrong are drawn behind it.
 */
export function Editor({ query, fault, set, run, field }: Props) {
  const behind = useRef<HTMLPreElement>(null)
  const lines = query.split('\n').length
  const pieces = useMemo(() => coloured(query, fault), [query, fault])
  return (
    <div className={styles.editor}>
      <div className={styles.gutter} aria-hidden="true">
        {Array.from({ length: Math.max(lines, 8) }, (_, i) => (
          <span key={i} data-fault={fault?.line === i + 1 || undefined}>
            {i < lines ? i + 1 : ''}
          </span>
        ))}
      </div>
      <div className={styles.sheet}>
        <pre ref={behind} aria-hidden="true">
          {pieces}
          {'\n'}
        </pre>
        <textarea
          ref={field}
          aria-label={t('Query')}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          wrap="off"
          rows={Math.max(lines, 8)}
          value={query}
          aria-invalid={fault !== null}
          onChange={({ currentTarget }) => set(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault()
              run()
            }
          }}
          onScroll={({ currentTarget }) => {
            if (behind.current) behind.current.scrollLeft = currentTarget.scrollLeft
          }}
        />
      </div>
    </div>
  )
}

function coloured(query: string, fault: Fault | null) {
  let at = 0
  return tokens(query).flatMap(([text, kind], i) => {
    const start = at
    at += text.length
    const cut = (from: number, to: number, wrong: boolean) =>
      from < to ? [<span key={`${i} ${from}`} data-kind={kind} data-wrong={wrong || undefined}>{text.slice(from - start, to - start)}</span>] : []
    if (fault === null || fault.to <= start || fault.from >= at) return cut(start, at, false)
    const [from, to] = [Math.max(start, fault.from), Math.min(at, fault.to)]
    return [...cut(start, from, false), ...cut(from, to, true), ...cut(to, at, false)]
  })
}
