import { useQuery } from '@tanstack/react-query'
import { ChevronRight, Plus } from 'lucide-react'
import { useState } from 'react'
import { get } from '~/api/client'
import type { Shape } from '~/api/shape'
import { SearchBox } from '~/parts/SearchBox'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import { declared, withDeclared } from '~/words/declared'
import styles from './Sql.module.css'

/** What a query may read from: a click writes a name where the cursor is. */
export function Views({ write }: { write: (name: string) => void }) {
  const [wanted, setWanted] = useState('')
  const query = useQuery({ queryKey: ['sql', 'views'], queryFn: async ({ signal }) => (await withDeclared(get<Shape<'SqlViews'>>('/api/sql/views', {}, signal))).views, staleTime: Infinity })
  return (
    <>
      <SearchBox label={t('Find a column')} hint={t('Find a column')} value={wanted} onChange={setWanted} />
      <Answered query={query} what={t('The views did not load')}>
        {(views) => {
          const found = views.map((view) => ({ ...view, columns: matching(view, wanted) })).filter(({ name, columns }) => columns.length > 0 || name.includes(wanted.toLowerCase()))
          return found.length > 0 ? (
            <ul className={styles.views}>
              {found.map((view, i) => (
                <ViewBlock key={view.name} view={view} first={i === 0} wanted={wanted} write={write} />
              ))}
            </ul>
          ) : (
            <p className="quiet">{t('No view or column is called “{{name}}”.', { name: wanted })}</p>
          )
        }}
      </Answered>
    </>
  )
}

type View = Shape<'SqlView'>

const matching = ({ name, columns }: View, wanted: string) => {
  const text = wanted.trim().toLowerCase()
  return name.includes(text) ? columns : columns.filter((column) => `${column.name} ${declared(column.about)}`.toLowerCase().includes(text))
}

function ViewBlock({ view, first, wanted, write }: { view: View; first: boolean; wanted: string; write: (name: string) => void }) {
  const [open, setOpen] = useState(first)
  const shown = open || wanted !== ''
  return (
    <li>
      <div className={styles.view}>
        <button type="button" aria-expanded={shown} onClick={() => setOpen(!open)} title={declared(view.about)}>
          <ChevronRight size={13} aria-hidden="true" />
          {view.name}
        </button>
        <button type="button" className={styles.write} onClick={() => write(view.name)} aria-label={t('Write {{name}}', { name: view.name })} title={t('Write {{name}}', { name: view.name })}>
          <Plus size={13} aria-hidden="true" />
        </button>
      </div>
      {shown && (
        <ul className={styles.columns}>
          {view.columns.map(({ name, type, about }) => (
            <li key={name}>
              <button type="button" onClick={() => write(name)} title={declared(about)}>
                <span>{name}</span>
                <span className="faint">{type}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
