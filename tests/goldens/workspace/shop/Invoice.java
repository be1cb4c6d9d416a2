package shop;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;

/** A bill that is sent to a customer. */
public class Invoice {
    private final List<Line> lines = new ArrayList<>();
    private LocalDate due;

    /** Adds a position with its price. */
    public void addLine(String description, long cents) {
        lines.add(new Line(description, cents));
    }

    /** Tells whether the customer is late with paying. */
    public boolean isOverdue(LocalDate today) {
        return due != null && today.isAfter(due);
    }

    /** Sets when the bill has to be paid, counted in days from now. */
    public void setPaymentTerm(LocalDate issued, int days) {
        due = issued.plusDays(days);
    }

    public long sumInCents() {
        return lines.stream().mapToLong(Line::cents).sum();
    }

    record Line(String description, long cents) {}
}
