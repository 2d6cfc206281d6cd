// One of a few words, as a select with its label.
export function Choice(props: { label: string; value: string; choices: string[]; set: (value: string) => void }) {
  return (
    <label>
      {props.label}{" "}
      <select value={props.value} onChange={(event) => props.set(event.currentTarget.value)}>
        {props.choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice.toLowerCase()}
          </option>
        ))}
      </select>
    </label>
  );
}
