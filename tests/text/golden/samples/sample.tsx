import React from 'react';

interface Props {
  title: string;
}

/** Shows a title. */
export const Title: React.FC<Props> = ({ title }) => {
  return <h1 className="x">{title}</h1>;
};

export default function App() {
  return <Title title="a" />;
}
