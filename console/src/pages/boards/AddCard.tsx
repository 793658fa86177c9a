import { Button, Menu, Select, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChartLine, Plus, Target, Type } from 'lucide-react'
import { useState } from 'react'
import { type Card, savedInsights } from '~/api/boards'
import { Dialog } from '~/parts/Dialog'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import { Said } from '~/words/Said'
import styles from './Boards.module.css'
import { CARDS_MOST, cardId } from './changes'
import { kpis } from './kpis'

interface Props {
  cards: Card[]
  add: (card: Card) => void
}

/** Puts something on the board. */
export function AddCard({ cards, add }: Props) {
  const [adding, setAdding] = useState<Card['type'] | null>(null)
  const id = cardId(cards)
  const close = () => setAdding(null)
  const done = (card: Card) => {
    add(card)
    close()
  }
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="filled" leftSection={<Plus size={14} />} disabled={cards.length >= CARDS_MOST}>
            {t('Add card')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<ChartLine size={14} />} onClick={() => setAdding('insight')}>
            {t('Saved insight')}
          </Menu.Item>
          <Menu.Item leftSection={<Target size={14} />} onClick={() => setAdding('kpi')}>
            {t('KPI')}
          </Menu.Item>
          <Menu.Item leftSection={<Type size={14} />} onClick={() => setAdding('text')}>
            {t('Text')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {adding === 'insight' && <InsightDialog close={close} chosen={(insight) => done({ type: 'insight', id, width: 1, insight })} />}
      {adding === 'kpi' && <KpiDialog close={close} chosen={(kpi) => done({ type: 'kpi', id, width: 1, kpi })} />}
      {adding === 'text' && <TextDialog text="" close={close} done={(text) => done({ type: 'text', id, width: 1, text })} />}
    </>
  )
}

interface ChooseProps {
  chosen: (id: string) => void
  close: () => void
}

function InsightDialog({ chosen, close }: ChooseProps) {
  const query = useQuery(savedInsights)
  return (
    <Dialog onClose={close} title={t('Add a saved insight')}>
      <Answered query={query} what={t('The saved insights did not load')}>
        {(saved) =>
          saved.length > 0 ? (
            <Choose label={t('Insight')} data={saved.map(({ id, name }) => ({ value: id, label: name }))} chosen={chosen} close={close} />
          ) : (
            <p>
              <Said text="No insight is saved yet. <a>Ask a question</a>, and save it there." parts={{ a: <Link to="/insights" className={styles.link} /> }} />
            </p>
          )
        }
      </Answered>
    </Dialog>
  )
}

function KpiDialog({ chosen, close }: ChooseProps) {
  const query = useQuery(kpis)
  return (
    <Dialog onClose={close} title={t('Add a KPI')}>
      <Answered query={query} what={t('The KPIs did not load')}>
        {({ nodes }) => {
          const figures = nodes.filter(({ kind }) => kind === 'kpi')
          return figures.length > 0 ? (
            <Choose label={t('KPI')} data={figures.map(({ id, name }) => ({ value: id, label: name }))} chosen={chosen} close={close} />
          ) : (
            <p>
              <Said
                text="There are no KPIs yet. <a>Write the tree of them</a> first."
                parts={{ a: <Link to="/insights/$kind" params={{ kind: 'kpis' }} className={styles.link} /> }}
              />
            </p>
          )
        }}
      </Answered>
    </Dialog>
  )
}

function Choose({ label, data, chosen, close }: ChooseProps & { label: string; data: { value: string; label: string }[] }) {
  const [value, setValue] = useState<string | null>(data[0]?.value ?? null)
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (value) chosen(value)
      }}
    >
      <Select label={label} data={data} value={value} onChange={setValue} searchable allowDeselect={false} data-autofocus />
      <div className={styles.actions}>
        <Button onClick={close}>{t('Cancel')}</Button>
        <Button type="submit" variant="filled" disabled={!value}>
          {t('Add')}
        </Button>
      </div>
    </form>
  )
}

/** Words on a board: written here, read there as they stand. */
export function TextDialog({ text, done, close }: { text: string; done: (text: string) => void; close: () => void }) {
  const [written, setWritten] = useState(text)
  return (
    <Dialog onClose={close} title={t('Text on the board')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (written.trim()) done(written.trim())
        }}
      >
        <Textarea label={t('Text')} data-autofocus autosize minRows={4} maxRows={14} maxLength={10_000} value={written} onChange={({ currentTarget }) => setWritten(currentTarget.value)} />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!written.trim()}>
            {t('Keep')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
