"""Numbers, money, dates, codes and text in comparable forms, in six languages; knows no page and no schema."""
